//! Near misses of a term. In: a term and a folded text in which it does not stand. Out: where it almost does, and what
//! is in the way, as words for the rule's author. It never decides whether a term is mentioned.

use super::scan::{Kind, ScanText, Token};
use super::term::{Element, NEAR_WORDS, Term, agrees, stretch_end};

/// Where something almost holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NearMiss {
    /// How near, 0 to 100: to rank by, not to decide by.
    pub nearness: u8,
    /// What is in the way.
    pub words: String,
}

impl NearMiss {
    /// A near miss in words.
    pub fn new(nearness: u8, words: impl Into<String>) -> NearMiss {
        NearMiss { nearness, words: words.into() }
    }
}

impl Term {
    /// The place where the term comes nearest to standing; `None` when no word of it is there, or it is mentioned.
    pub fn near_miss(&self, text: &ScanText, original: &str) -> Option<NearMiss> {
        if self.find(text, original).is_some() {
            return None;
        }
        let sought = Sought { text, original };
        match self.stretches() {
            [stretch] => sought.stretch(stretch),
            stretches => sought.parts(stretches),
        }
    }
}

#[derive(Clone, Copy)]
struct Sought<'s> {
    text: &'s ScanText,
    original: &'s str,
}

/// How a token stands to an element of the term.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fit {
    Agrees,
    GoesOn,
    BeginsEarlier,
    Almost,
    Not,
}

impl Sought<'_> {
    /// `a ... b`, of which at least one part is missing, or whose parts stand too far apart or in another order.
    fn parts(self, stretches: &[Vec<Element>]) -> Option<NearMiss> {
        let places: Vec<Option<(usize, usize)>> = stretches.iter().map(|stretch| self.place(stretch)).collect();
        let missing = places.iter().position(Option::is_none);
        if let Some(missing) = missing {
            let found = places.iter().flatten().next()?;
            let of_missing = stretches.get(missing).and_then(|stretch| self.stretch(stretch));
            let rest = of_missing.map_or_else(String::new, |near| format!("; {}", near.words));
            let words = format!("‘{}’ stands there, the other side of `...` does not{rest}", self.shown(*found));
            return Some(NearMiss::new(50, words));
        }
        let places: Vec<(usize, usize)> = places.into_iter().flatten().collect();
        let (first, second) = (places.first()?, places.get(1)?);
        if second.0 < first.1 {
            return Some(NearMiss::new(70, "its parts stand in another order"));
        }
        let between = (first.1..second.0).filter(|at| !self.glued(*at)).count();
        let words = format!("{} between its parts; at most {NEAR_WORDS} may", words_stand(between));
        Some(NearMiss::new(75, words))
    }

    /// Where a stretch stands, as tokens.
    fn place(self, stretch: &[Element]) -> Option<(usize, usize)> {
        (0..self.text.tokens.len())
            .find_map(|start| stretch_end(stretch, self.text, self.original, start).map(|end| (start, end)))
    }

    fn stretch(self, stretch: &[Element]) -> Option<NearMiss> {
        let in_place = (0..self.text.tokens.len()).filter_map(|start| self.from(stretch, start));
        let best = in_place.max_by_key(|near| near.nearness);
        best.or_else(|| self.scattered(stretch))
    }

    /// The stretch from this token on, when every word of it is there in some way.
    fn from(self, stretch: &[Element], start: usize) -> Option<NearMiss> {
        let mut worst = Fit::Agrees;
        for (place, element) in stretch.iter().enumerate() {
            let fit = self.fit(element, self.text.tokens.get(start + place)?);
            match (worst, fit) {
                (_, Fit::Not) => return None,
                (_, Fit::Agrees) => {}
                (Fit::Agrees, _) => worst = fit,
                // Two slips at once are no near miss.
                (Fit::GoesOn | Fit::BeginsEarlier | Fit::Almost | Fit::Not, _) => return None,
            }
        }
        let end = start + stretch.len();
        let shown = self.shown((start, end));
        let last = self.text.tokens.get(end - 1)?;
        Some(match worst {
            Fit::GoesOn if last.kind == Kind::Digits => {
                NearMiss::new(92, format!("‘{shown}’: a further digit follows"))
            }
            Fit::GoesOn => {
                NearMiss::new(88, format!("‘{shown}’: further letters follow; `*` at the term's end allows them"))
            }
            Fit::BeginsEarlier => NearMiss::new(86, format!("‘{shown}’ begins with something else")),
            Fit::Almost => NearMiss::new(80, format!("‘{shown}’ is written almost so")),
            Fit::Agrees if self.glued(start) => NearMiss::new(90, format!("‘{shown}’: it is part of a longer word")),
            Fit::Agrees if self.glued(end) => self.goes_on(end, &shown)?,
            Fit::Agrees | Fit::Not => NearMiss::new(84, format!("in ‘{shown}’ a comma or colon parts it")),
        })
    }

    fn goes_on(self, end: usize, shown: &str) -> Option<NearMiss> {
        Some(match self.text.tokens.get(end)?.kind {
            Kind::Digits => NearMiss::new(92, format!("‘{shown}’: further digits follow")),
            Kind::Letters | Kind::Sign => {
                NearMiss::new(94, format!("‘{shown}’: further letters follow; `*` at the term's end allows them"))
            }
        })
    }

    fn fit(self, element: &Element, token: &Token) -> Fit {
        if agrees(element, token, self.text, self.original) {
            return Fit::Agrees;
        }
        if element.kind != token.kind {
            return Fit::Not;
        }
        let pairs = || element.keys.iter().flat_map(|own| self.text.keys(token).map(move |key| (own.as_str(), key)));
        // In `Su-35` the letters are few, and only few more make it look like it.
        let telling = |own: &str, key: &str| own.len() >= 3 || key.len() <= own.len() + 2;
        if pairs().any(|(own, key)| key.starts_with(own) && telling(own, key)) {
            Fit::GoesOn
        } else if pairs().any(|(own, key)| key.ends_with(own) && telling(own, key)) {
            Fit::BeginsEarlier
        } else if element.kind == Kind::Letters && pairs().any(|(own, key)| is_slip(own, key)) {
            Fit::Almost
        } else {
            Fit::Not
        }
    }

    /// Words of the stretch that are there, but not one after another.
    fn scattered(self, stretch: &[Element]) -> Option<NearMiss> {
        let places: Vec<Option<usize>> = stretch.iter().map(|element| self.stands(element)).collect();
        let there: Vec<usize> = places.iter().flatten().copied().collect();
        if there.len() == stretch.len() {
            let in_order = there.is_sorted();
            let between = there.last()?.saturating_sub(*there.first()?).saturating_sub(stretch.len() - 1);
            return Some(match in_order {
                true if between > 0 => NearMiss::new(
                    76,
                    format!("{} between its words; `a ... b` allows for {NEAR_WORDS}", words_stand(between)),
                ),
                _ => NearMiss::new(72, "its words stand in another order"),
            });
        }
        let telling = |at: &usize| self.text.tokens.get(*at).is_some_and(|token| token.range().len() >= 3);
        let found = there.iter().copied().find(telling)?;
        let share = u8::try_from(there.len() * 40 / stretch.len()).unwrap_or(40);
        Some(NearMiss::new(20 + share, format!("only ‘{}’ of it stands there", self.shown((found, found + 1)))))
    }

    fn stands(self, element: &Element) -> Option<usize> {
        self.text.tokens.iter().position(|token| agrees(element, token, self.text, self.original))
    }

    fn glued(self, at: usize) -> bool {
        self.text.tokens.get(at).is_some_and(|token| token.glued)
    }

    /// The tokens as they are written, with what is glued to them.
    fn shown(self, (start, end): (usize, usize)) -> String {
        let mut first = start;
        while first > 0 && self.glued(first) {
            first -= 1;
        }
        let mut last = end;
        while self.glued(last) {
            last += 1;
        }
        let range = |at: usize| self.text.tokens.get(at).map(Token::range);
        let (Some(from), Some(until)) = (range(first), last.checked_sub(1).and_then(range)) else {
            return String::new();
        };
        self.original.get(from.start..until.end).unwrap_or("").chars().take(80).collect()
    }
}

fn words_stand(count: usize) -> String {
    if count == 1 { "1 word stands".to_owned() } else { format!("{count} words stand") }
}

/// One slip of the pen in a word that is long enough to be meant.
fn is_slip(own: &str, key: &str) -> bool {
    let long = own.chars().count() >= 4 && key.chars().count() >= 4;
    long && strsim::osa_distance(own, key) == 1
}

#[cfg(test)]
mod tests {
    use super::super::Inflection;
    use super::*;

    fn check(term: &str, text: &str, expected: &str) {
        let term = Term::parse(term, Inflection::Dictionary).unwrap();
        let mut scan = ScanText::default();
        scan.fold(text);
        let near = term.near_miss(&scan, text).map_or_else(String::new, |near| near.words);
        assert_eq!(near, expected, "{} in {text}", term.written);
    }

    #[test]
    fn what_is_in_the_way_of_a_term_is_said() {
        check("Su-35", "parts for SU-350", "‘SU-350’: a further digit follows");
        check("Su-35", "ЧАСТИ СУ-35С", "‘СУ-35С’: further letters follow; `*` at the term's end allows them");
        check("Su-35", "ASU-35", "‘ASU-35’ begins with something else");
        check("antenna", "ANTENNAS", "‘ANTENNAS’: further letters follow; `*` at the term's end allows them");
        check("Flanker-E", "FLANKR E", "‘FLANKR E’ is written almost so");
        check("radar antenna", "antenna of a radar", "its words stand in another order");
        check("radar antenna", "radar with antenna", "1 word stands between its words; `a ... b` allows for 5");
        check("radar ... antenna", "radar a b c d e f antenna", "6 words stand between its parts; at most 5 may");
        check("radar ... antenna", "antenna, radar", "its parts stand in another order");
        check("radar ... antenna", "a radar", "‘radar’ stands there, the other side of `...` does not");
        check("navigation system", "a system of pumps", "only ‘system’ of it stands there");
        check("Su-35", "bolts", "");
        check("Su-35", "Su-35", "");
    }
}
