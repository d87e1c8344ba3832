#!/usr/bin/env bash
# Mails as strangers judge them: a strict parser of RFC 5322 and 2045, a parser of pages, one of spreadsheets, and a spam
# filter at its default rules. Of the sample export, and of records whose every cell is an attack.
source "$(dirname "$0")/lib.sh"

command -v python3 >/dev/null || skip "python3 is not installed"
python3 "$here/mail_check.py" write "$work/hostile.jsonl"
mkdir "$work/hostile" "$work/sample"
for rule in su-35-parts-to-rostec watchlisted-party; do
    "$tidewaiter" preview "$rule" "$work/hostile.jsonl" --rules "$house/rules" --out "$work/hostile" >>"$work/preview.log" 2>&1
done
for rule in su-35-parts-to-rostec watchlisted-party chpl-tier-1 dji-by-way-of-the-uae; do
    "$tidewaiter" preview "$rule" "$house/examples/sample-export.csv" --rules "$house/rules" --out "$work/sample" >>"$work/preview.log" 2>&1
done
python3 "$here/mail_check.py" check "$work"/{hostile,sample}/*.eml

if command -v spamassassin >/dev/null; then
    for mail in "$work"/sample/*.eml; do
        # Without the network: no list of senders is asked, and no relay is known. Its user files go with the test.
        judged=$(HOME=$work spamassassin --local --test-mode --prefspath="$work/user_prefs" <"$mail" 2>>"$work/spam.log")
        score=$(sed -n 's/^Content analysis details: *(\(-\?[0-9.]*\) points.*/\1/p' <<<"$judged")
        awk -v score="$score" 'BEGIN { exit !(score != "" && score < 2) }' ||
            fail "$(basename "$mail") has a spam score of ${score:-nothing}: $(sed -n '/^Content analysis/,$p' <<<"$judged")"
        echo "spam score of $(basename "$mail" .eml): $score"
    done
else
    echo "$name: SKIPPED in part: spamassassin is not installed"
fi
echo "$name: passed"
