# bash completion for forkpoint(1).
_forkpoint()
{
	local word=${COMP_WORDS[COMP_CWORD]} last=${COMP_WORDS[COMP_CWORD-1]} options=
	local common='--server --token-file --timeout --json --format --help'

	if [ "$COMP_CWORD" -eq 1 ]; then
		COMPREPLY=($(compgen -W "serve check-config print-config probe-feed backup restore export import verify version help resolve stamp
			diagnose timeline changes what-if history freshness decode versions quarantine pin lint
			audit-pins" -- "$word"))
		return
	fi
	[[ $word == -* ]] || case $last in
	--token-file | --config | --data-dir | check-config | print-config | backup | restore)
		COMPREPLY=($(compgen -f -- "$word"))
		return ;;
	--format)
		COMPREPLY=($(compgen -W "json text csv ndjson annotations version props env vso" -- "$word"))
		return ;;
	--candidates)
		COMPREPLY=($(compgen -W all -- "$word"))
		return ;;
	--status)
		COMPREPLY=($(compgen -W "any listed unlisted vanished unrecognised quarantined" -- "$word"))
		return ;;
	esac
	case ${COMP_WORDS[1]} in
	serve) options='--config' ;;
	probe-feed) options='--package --config' ;;
	backup) options='--config --data-dir' ;;
	restore) options='--config --data-dir' ;;
	export) options='--since --config --data-dir' ;;
	import) options='--config --data-dir' ;;
	verify) options='--config --data-dir --sample' ;;
	resolve) options="$common --repo --branch --release --package --sha --build --as-of --wait --candidates" ;;
	stamp) options="$common --repo --branch --release --package --sha --wait" ;;
	diagnose) options="$common --repo --branch --release --package --sha --used --at" ;;
	timeline) options="$common --repo --branch --release --package --as-of --from --to --limit --cursor" ;;
	changes) options="$common --repo --branch --release --package --as-of --from --to --limit --cursor" ;;
	what-if) options="$common --repo --branch --release --package --limit --last --publish --quarantine" ;;
	history) options="$common --repo --branch --sha --version --build --limit --cursor --outcome --client --since --until" ;;
	freshness) options="$common --repo --branch --package" ;;
	decode) options="$common --repo --version" ;;
	versions) options="$common --repo --branch --release --package --limit --cursor --status" ;;
	quarantine) options="$common --package --reason --owner --expires --remove" ;;
	pin) options="$common --package --reason --owner --expires --remove" ;;
	lint) options=$common ;;
	audit-pins) options="$common --repo --branch" ;;
	esac
	COMPREPLY=($(compgen -W "$options" -- "$word"))
}
complete -F _forkpoint forkpoint
