#!/bin/sh
# Says how many days are left, which windows are over and since when, and what is open instead.
#
#   ./window_checker.sh                                      today
#   ./window_checker.sh --date 2025-10-22                    on another day
#   ./window_checker.sh --exit-code >/dev/null || mail …     for cron: 1 if somebody should look
#   ./window_checker.sh --ics windows.ics                    a calendar with reminders
#
# Speaks Chinese unless the locale or --lang says otherwise. More: uc plan window --help
set -eu
# The C locale is what is there where nobody chose one; LC_ALL=C is somebody's choice.
if [ -z "${LANGUAGE:-}${LC_ALL:-}${LC_MESSAGES:-}" ]; then
  case ${LANG:-} in '' | C | C.UTF-8 | POSIX) LANG=zh_CN.UTF-8 && export LANG ;; esac
fi
uc=$(command -v uc || echo "$(dirname "$0")/../../.venv/bin/uc")
[ -x "$uc" ] || { echo "uc is not installed: run 'make demo' at the root of this repository" >&2; exit 3; }
exec "$uc" plan window "$@"
