# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes the calls of a file with whichever libaugeas.so.0 this process finds, and prints what each
one gave as one JSON text: run twice by dropin.py, as the paired program and by itself."""

import json
import sys

from augeas_in_process import Augeas

with open(sys.argv[1], encoding="utf-8") as file:
    job = json.load(file)
aug = Augeas(job["root"], job["lenses"])
results = []
for number, (name, *arguments) in enumerate(job["calls"]):
    if number in job["skip"]:
        results.append(None)
    else:
        results.append(getattr(aug, name)(*arguments))
aug.close()
json.dump(results, sys.stdout)
