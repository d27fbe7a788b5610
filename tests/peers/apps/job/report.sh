#!/bin/sh
set -e
ls / | sort >/reports/report.txt
echo "$(wc -l </reports/report.txt) lines reported"
