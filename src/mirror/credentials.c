/*
 * Credentials of an upstream, and whether it is who it says.
 *
 * Each secret is offered once: a second question means that it was refused. What is wrong is put
 * in words for the operator; the secret itself never gets into a text.
 */
#include "credentials.h"

#include "git_error.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char system_authorities[] = "/etc/ssl/certs";

/*
 * libgit2 looks for known hosts in ~/.ssh/known_hosts and nowhere else. A configured file is put
 * there by giving this process (which lives for one fetch) a home of its own inside the mirror.
 */
static int prepare_known_hosts(const struct fp_fetch_job *job, struct fp_error *error)
{
	char home[PATH_MAX], folder[PATH_MAX], link[PATH_MAX];

	if ((size_t)snprintf(home, sizeof(home), "%s/forkpoint-home", job->path) >= sizeof(home) ||
		(size_t)snprintf(folder, sizeof(folder), "%s/.ssh", home) >= sizeof(folder) ||
		(size_t)snprintf(link, sizeof(link), "%s/known_hosts", folder) >= sizeof(link))
		return fp_error_set(error, FP_ERROR_LIMIT, "the path %s is too long", job->path);
	if (access(job->ssh_known_hosts_file, R_OK) < 0)
		return fp_error_set(error, FP_ERROR_DENIED,
			"ssh_known_hosts_file %s cannot be read: %s", job->ssh_known_hosts_file,
			strerror(errno));
	mkdir(home, 0700);
	mkdir(folder, 0700);
	unlink(link);
	if (symlink(job->ssh_known_hosts_file, link) < 0 || setenv("HOME", home, 1) < 0)
		return fp_error_set(
			error, FP_ERROR_IO, "cannot prepare %s: %s", link, strerror(errno));
	if (git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, GIT_CONFIG_LEVEL_GLOBAL, home) < 0)
		return fp_git_error(error, FP_ERROR_INTERNAL, "cannot set the home folder");
	return 0;
}

int fp_credentials_prepare(const struct fp_fetch_job *job, struct fp_error *error)
{
	if (job->ca_file &&
		git_libgit2_opts(GIT_OPT_SET_SSL_CERT_LOCATIONS, job->ca_file,
			access(system_authorities, R_OK) == 0 ? system_authorities : NULL) < 0)
		return fp_git_error(
			error, FP_ERROR_DENIED, "ca_file %s cannot be used", job->ca_file);
	return job->ssh_known_hosts_file ? prepare_known_hosts(job, error) : 0;
}

static int refuse(struct fp_upstream *upstream, const char *why)
{
	snprintf(upstream->refusal, sizeof(upstream->refusal), "%s", why);
	git_error_set_str(GIT_ERROR_CALLBACK, why);
	return GIT_EAUTH;
}

/* Scheme, host and port of a URL: a redirect to elsewhere must not get the password. */
static size_t origin_length(const char *url)
{
	const char *host = strstr(url, "://");
	const char *end;

	if (!host)
		return 0;
	end = strchr(host + 3, '/');
	return end ? (size_t)(end - url) : strlen(url);
}

/* The configured URL may name a user before the host; libgit2's question does not. */
static bool same_origin(const char *configured, const char *asked)
{
	size_t len = origin_length(configured), asked_len = origin_length(asked);
	const char *host = strstr(configured, "://");
	const char *user = host ? memchr(host, '@', len - (size_t)(host - configured)) : NULL;
	const char *asked_host = strstr(asked, "://");
	const char *asked_user =
		asked_host ? memchr(asked_host, '@', asked_len - (size_t)(asked_host - asked))
			   : NULL;
	struct fp_str a, b;

	if (!host || !asked_host || host - configured != asked_host - asked ||
		strncasecmp(configured, asked, (size_t)(host - configured)) != 0)
		return false;
	a = fp_str_n(user ? user + 1 : host + 3, 0);
	b = fp_str_n(asked_user ? asked_user + 1 : asked_host + 3, 0);
	a.len = (size_t)(configured + len - a.ptr);
	b.len = (size_t)(asked + asked_len - b.ptr);
	return fp_str_equal_nocase(a, b);
}

static int give_password(
	git_credential **out, struct fp_upstream *upstream, const char *url, const char *user)
{
	const struct fp_fetch_job *job = upstream->job;

	if (!job->password)
		return refuse(upstream, "the upstream asks for credentials; set username and "
					"password_env (or password_file) for the repository");
	if (!same_origin(job->url, url))
		return refuse(upstream, "the upstream redirects to another host, which asks for "
					"credentials; configure the address that it redirects to");
	if (upstream->asked > 1)
		return refuse(upstream, "the upstream refused the username and password");
	return git_credential_userpass_plaintext_new(out,
		job->username ? job->username
		: user	      ? user
			      : "git",
		job->password);
}

static int give_key(git_credential **out, struct fp_upstream *upstream, const char *user)
{
	const struct fp_fetch_job *job = upstream->job;

	if (!job->ssh_key_file)
		return refuse(upstream,
			"the upstream asks for an ssh key; set ssh_key_file for the "
			"repository");
	if (access(job->ssh_key_file, R_OK) < 0)
		return refuse(upstream, "ssh_key_file cannot be read; check its path and owner");
	if (upstream->asked > 1)
		return refuse(upstream,
			"the upstream refused the ssh key (RSA keys are signed with SHA-1 "
			"here, which many servers refuse: use an ed25519 or ECDSA key)");
	return git_credential_ssh_key_new(out,
		job->username ? job->username
		: user	      ? user
			      : "git",
		NULL, job->ssh_key_file, job->password);
}

int fp_credentials_acquire(git_credential **out, const char *url, const char *user_in_url,
	unsigned allowed, void *context)
{
	struct fp_upstream *upstream = context;
	const char *user = upstream->job->username ? upstream->job->username
			   : user_in_url	   ? user_in_url
						   : "git";

	/* ssh asks for the name first, where the URL has none; that is no attempt yet. */
	if (allowed == GIT_CREDENTIAL_USERNAME)
		return git_credential_username_new(out, user);
	upstream->asked++;
	if (allowed & GIT_CREDENTIAL_SSH_KEY &&
		(upstream->job->ssh_key_file || !upstream->job->password))
		return give_key(out, upstream, user_in_url);
	if (allowed & GIT_CREDENTIAL_USERPASS_PLAINTEXT)
		return give_password(out, upstream, url, user_in_url);
	return refuse(upstream, "the upstream takes neither a password nor an ssh key");
}

int fp_credentials_check_peer(git_cert *certificate, int valid, const char *host, void *context)
{
	struct fp_upstream *upstream = context;

	if (valid)
		return 0;
	if (certificate->cert_type == GIT_CERT_HOSTKEY_LIBSSH2)
		snprintf(upstream->refusal, sizeof(upstream->refusal),
			"the ssh host key of %.80s is unknown or has changed; check it and put it "
			"into %s (ssh-keyscan prints it)",
			host,
			upstream->job->ssh_known_hosts_file ? "ssh_known_hosts_file"
							    : "~/.ssh/known_hosts");
	else
		snprintf(upstream->refusal, sizeof(upstream->refusal),
			"the certificate of %.80s is not trusted; set ca_file if an authority of "
			"your own signed it",
			host);
	git_error_set_str(GIT_ERROR_CALLBACK, upstream->refusal);
	return GIT_ECERTIFICATE;
}
