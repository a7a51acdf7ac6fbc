/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_POLICY_JSON_H
#define EXM_POLICY_JSON_H

#include "common/json.h"
#include "common/policy.h"

/* All that the policy grants, as session.whatcan tells it. NULL when memory is short. */
struct json_object *policy_json(const struct policy *policy);

/* One Value= rule. */
struct json_object *policy_json_value(const struct policy_value *value);

#endif
