#include "trial.h"
bool power(const struct scene *scene, const char *dir){(void)scene;(void)dir;return true;}
