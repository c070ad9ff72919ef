#!/usr/bin/env bash
# Installs armlint into an environment of its own, runs it once and hands the reports to GitHub.
#
# In: INPUT_*, set by action.yml, and the runner's GITHUB_* and RUNNER_TEMP.
# Out: annotations on standard output, $GITHUB_OUTPUT, $GITHUB_STEP_SUMMARY and the SARIF file.
# The exit status is 0 even if there are findings: the last step of the action passes armlint's own on,
# after the upload.
#
# Written for what macOS has: a bash 3.2 without mapfile, for which an empty array is an unset variable, and a sed
# that refuses what is no UTF-8 unless it runs in the C locale.

set -euo pipefail

readonly SUMMARY_LIMIT=900000 # bytes; GitHub refuses a step's summary above 1 MiB

output() {
  printf '%s=%s\n' "$1" "$2" >>"$GITHUB_OUTPUT"
}

# The message holds inputs, so line breaks and percent signs are written as workflow commands want them.
fail() {
  local message=$1
  message=${message//'%'/%25}
  message=${message//$'\r'/%0D}
  message=${message//$'\n'/%0A}
  printf '::error title=armlint::%s\n' "$message"
  output exit-code 2
  exit 2
}

boolean() {
  case $2 in
    true | false) ;;
    *) fail "The input $1 is '$2': it takes true or false." ;;
  esac
}

find_python() {
  local candidate
  for candidate in "${INPUT_PYTHON:-}" python3 python; do
    if [ -n "$candidate" ] && command -v "$candidate" >/dev/null 2>&1 &&
      "$candidate" -I -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
      printf '%s\n' "$candidate"
      return
    fi
  done
  return 1
}

# Windows has the programs of an environment in Scripts, everything else in bin.
program() {
  local folder
  for folder in bin Scripts; do
    if [ -f "$1/$folder/$2" ] || [ -f "$1/$folder/$2.exe" ]; then
      printf '%s\n' "$1/$folder/$2"
      return
    fi
  done
  return 1
}

tool() {
  "$python" -I "$GITHUB_ACTION_PATH/action/tool.py" "$@"
}

boolean summary "$INPUT_SUMMARY"
boolean upload-sarif "$INPUT_UPLOAD_SARIF"
case $INPUT_SARIF_FILE in
  *[[:cntrl:]]*) fail "The input sarif-file has a control character in it." ;;
esac
if [ -z "$INPUT_VERSION" ]; then
  requirement=$GITHUB_ACTION_PATH
elif [[ $INPUT_VERSION =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]]; then
  requirement="armlint==$INPUT_VERSION"
else
  fail "The input version is '$INPUT_VERSION': it takes an exact version such as 1.2.3, or nothing."
fi

python=$(find_python) || fail "armlint needs Python 3.11 or newer: set the input python-version, for example to 3.13."
work=$(mktemp -d "$RUNNER_TEMP/armlint.XXXXXX")

cd -- "$GITHUB_WORKSPACE"
cd -- "$INPUT_WORKING_DIRECTORY" 2>/dev/null || fail "The working-directory '$INPUT_WORKING_DIRECTORY' does not exist."
root=$(tool root . "$GITHUB_WORKSPACE")

# In a file, not in a pipe: the status of what feeds a `while read` is lost.
tool paths "$root" . "$INPUT_PATHS" >"$work/paths" 2>"$work/message" ||
  fail "The input paths cannot be read: $(cat "$work/message")"
tool words "$INPUT_ARGS" >"$work/args" 2>"$work/message" ||
  fail "The input args cannot be read: $(cat "$work/message")"
[ -s "$work/paths" ] || fail "The input paths is empty."
sarif=$(tool absolute "${INPUT_SARIF_FILE:-$work/armlint.sarif}")
mkdir -p -- "$(dirname -- "$sarif")"
rm -f -- "$sarif" # what an earlier run left must not be taken for this one's

echo "::group::Install armlint"
# -I keeps a `pip` or `venv` folder in the checked repository from being run in their place.
if ! "$python" -I -m venv "$work/venv" ||
  ! venv_python=$(program "$work/venv" python) ||
  ! "$venv_python" -I -m pip install --disable-pip-version-check --no-input --quiet "$requirement"; then
  echo "::endgroup::"
  fail "armlint could not be installed; the log has the reason."
fi
armlint=$(program "$work/venv" armlint) || fail "The package $requirement has no program armlint."
version=$("$armlint" --version)
version=${version##* }
version=${version%$'\r'}
echo "armlint $version"
echo "::endgroup::"
output version "$version"

command=("$armlint" check "--format=$INPUT_FORMAT" "--fail-on=$INPUT_FAIL_ON"
  --output "sarif=$sarif" --output "json=$work/report.json" --output "markdown=$work/summary.md")
add_rules() {
  local rule rules
  IFS=$', \t\r\n' read -r -d '' -a rules <<<"$2" || true
  for rule in ${rules[@]+"${rules[@]}"}; do
    if [ -n "$rule" ]; then
      command+=("$1=$rule")
    fi
  done
}
add_rules --select "$INPUT_SELECT"
add_rules --ignore "$INPUT_IGNORE"
while IFS= read -r -d '' word; do
  command+=("$word")
done <"$work/args"
command+=(--)
while IFS= read -r -d '' path; do
  command+=("$path")
done <"$work/paths"

# A report quotes the template, and the runner takes `##[` anywhere in a line, and `::` at its start, for a
# command. The `github` format has to give commands and keeps the second apart itself; any other has none.
set +e
if [ "$INPUT_FORMAT" = github ]; then
  (cd -- "$root" && exec "${command[@]}") 2>&1 | LC_ALL=C sed 's/##\[/# #[/g'
  status=${PIPESTATUS[0]}
else
  stop=$(tool token)
  printf '::stop-commands::%s\n' "$stop"
  (cd -- "$root" && exec "${command[@]}")
  status=$?
  printf '\n::%s::\n' "$stop"
fi
set -e

output exit-code "$status"
if [ -s "$sarif" ]; then
  output sarif-file "$sarif"
fi
if [ -s "$work/report.json" ]; then
  tool counts "$work/report.json" >>"$GITHUB_OUTPUT"
fi
if [ "$INPUT_SUMMARY" = true ] && [ -s "$work/summary.md" ]; then
  if [ "$(wc -c <"$work/summary.md")" -le "$SUMMARY_LIMIT" ]; then
    cat "$work/summary.md" >>"$GITHUB_STEP_SUMMARY"
  else
    # The last line of the cut may be half a line.
    head -c "$SUMMARY_LIMIT" "$work/summary.md" | LC_ALL=C sed '$d' >>"$GITHUB_STEP_SUMMARY"
    printf '\n\nThe summary is too long for GitHub and ends here; the SARIF report has all findings.\n' \
      >>"$GITHUB_STEP_SUMMARY"
  fi
fi
