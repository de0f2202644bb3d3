#pragma once
/* The forms that texts of the configuration have: each is the `form` of some rows (settings.h). */
#include "forkpoint/base/str.h"

/* Of feeds, repositories and tokens: [A-Za-z0-9._-]+, no leading dot, at most 100 bytes. They stand
 * in URLs and name folders. */
const char *fp_value_form_name(struct fp_str text);
const char *fp_config_form_package_id(struct fp_str text);
const char *fp_config_form_variable(struct fp_str text);
const char *fp_config_form_environment(struct fp_str text);
const char *fp_config_form_element(struct fp_str text);
const char *fp_config_form_release(struct fp_str text);
const char *fp_config_form_username(struct fp_str text);
const char *fp_config_form_origin(struct fp_str text);
/* A file in a commit's tree. */
const char *fp_config_form_tree_path(struct fp_str text);
/* git's rules for names (git-check-ref-format); * stands for any run in the globs. */
const char *fp_config_form_branch(struct fp_str text);
const char *fp_config_form_branch_glob(struct fp_str text);
const char *fp_config_form_ref_glob(struct fp_str text);

/* URLs: their parts are there, and hold no secret. */
const char *fp_config_form_feed_url(struct fp_str text);
const char *fp_config_form_repository_url(struct fp_str text);
const char *fp_config_form_proxy(struct fp_str text);
/* SCHEME://… */
bool fp_url_has_scheme(struct fp_str text);
/* git's short form of an ssh address, [USER@]HOST:PATH. */
bool fp_url_is_scp_like(struct fp_str text);
