#!/usr/bin/env bash
# Sigma's own words mean here what they mean elsewhere: 2,000 generated rules over 200 records find the rows that the SQL
# of pySigma's SQLite backend finds, but for the differences that docs/rules.md lists. SIGMA_SEED tries others.
source "$(dirname "$0")/lib.sh"

command -v python3 >/dev/null || skip "python3 is not installed"
python3 -c 'import ensurepip, venv' 2>/dev/null || skip "python3-venv is not installed"
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pySigma==2.0.1 pysigma-backend-sqlite==2.1.1 >"$work/pip.log" 2>&1
mkdir "$work/scan"
"$work/venv/bin/python" "$here/sigma_differential.py" "$tidewaiter" "$work/scan" "$house/docs/rules.md"
echo "$name: passed"
