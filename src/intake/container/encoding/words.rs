//! Words: does a decoded text read like words of some language, or like bytes of another encoding?
//!
//! In: a text. Out: how many of its words outside ASCII are none, and how usual its Cyrillic letters are. Pure.

/// Russian letters, the most frequent first; a letter's place is its rank.
const BY_FREQUENCY: &str = "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё";
/// The rank of Cyrillic letters that Russian has not, and of those that hardly any language of the exports has.
const OTHER_RANK: usize = 20;
const ODD_RANK: usize = 40;
/// Letters of the Balkans that code page 866 looks like when it is taken for windows-1251.
const ODD: &str = "ЂЃЉЊЌЋЏЅђѓљњќћџѕ";
/// Signs that stand beside words and are no part of them.
const NEUTRAL: &str = "«»„“”‘’–—…№°×·•µ²³½¼¾€£§©®™±−";

/// What a text's words outside ASCII are like.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words {
    /// Those of one script, in an order of letters that there is.
    pub good: usize,
    /// Those that no language has.
    pub bad: usize,
    /// Cyrillic and Latin letters in one word: a wrong guess, or a name that is spelt to evade.
    pub mixed: usize,
    /// Good ones that have Latin letters with accents alone.
    pub all_accents: usize,
    /// Cyrillic letters, and the sum of their ranks.
    pub letters: usize,
    ranks: usize,
    /// The first bad word with what stands around it.
    pub example: Option<String>,
}

impl Words {
    /// Of a text.
    pub fn of(text: &str) -> Words {
        let mut words = Words::default();
        let mut start = None;
        for (at, letter) in text.char_indices().chain([(text.len(), ' ')]) {
            match (start, class(letter)) {
                (None, Class::Boundary) => {}
                (None, _) => start = Some(at),
                (Some(from), Class::Boundary) => {
                    start = None;
                    if let Some(word) = text.get(from..at).filter(|word| !word.is_ascii()) {
                        words.count(text, (from, word));
                    }
                }
                (Some(_), _) => {}
            }
        }
        words
    }

    fn count(&mut self, text: &str, (from, word): (usize, &str)) {
        match verdict(word) {
            Verdict::Nothing => return,
            Verdict::Good => {
                let accented = |letter| matches!(class(letter), Class::Latin1 | Class::Accented);
                self.all_accents += usize::from(word.chars().all(accented) && word.chars().count() > 1);
                self.good += 1;
            }
            Verdict::Mixed => self.mixed += 1,
            Verdict::Bad => {
                self.bad += 1;
                let end = from + word.len();
                self.example.get_or_insert_with(|| around(text, from, end));
            }
        }
        for letter in word.chars().filter(|letter| class(*letter) == Class::Cyrillic) {
            self.letters += 1;
            let small = letter.to_lowercase().next().unwrap_or(letter);
            self.ranks += match BY_FREQUENCY.chars().position(|other| other == small) {
                Some(rank) => rank,
                None if ODD.contains(letter) => ODD_RANK,
                None => OTHER_RANK,
            };
        }
    }

    /// All that were judged.
    pub fn all(&self) -> usize {
        self.good + self.bad + self.mixed
    }

    /// How usual the letters are: about 8 for Russian, 15 for letters at random.
    pub fn mean_rank(&self) -> usize {
        self.ranks.checked_div(self.letters).unwrap_or(OTHER_RANK)
    }

    /// Whether so many words are none that the text was not meant so.
    pub fn are_doubtful(&self) -> bool {
        let all = self.good + self.bad;
        (self.bad >= 3 && self.bad * 6 >= all) || (self.bad >= 50 && self.bad * 20 >= all)
    }
}

/// A piece of a text, as a person looks at it.
pub fn around(text: &str, from: usize, end: usize) -> String {
    let before: String = text.get(..from).unwrap_or("").chars().rev().take(12).collect();
    let behind: String = text.get(end..).unwrap_or("").chars().take(20).collect();
    let word: String = text.get(from..end).unwrap_or("").chars().take(40).collect();
    let before: String = before.chars().rev().collect();
    let shown = |letter: char| if letter.is_control() { ' ' } else { letter };
    format!("{before}{word}{behind}").chars().map(shown).collect::<String>().trim().to_owned()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Boundary,
    /// A letter of ASCII.
    Plain,
    /// A Latin letter of the upper half of Latin-1.
    Latin1,
    /// Any other Latin letter outside ASCII.
    Accented,
    Cyrillic,
    /// A letter of any other script.
    Foreign,
    /// A sign outside ASCII that stands in no word.
    Symbol,
    /// What no text has: a control, a replacement.
    Broken,
}

fn class(letter: char) -> Class {
    match letter {
        'a'..='z' | 'A'..='Z' => Class::Plain,
        '\0'..='\x7f' | '\u{a0}' => Class::Boundary,
        '\u{80}'..='\u{9f}' | '\u{fffd}' | '\u{e000}'..='\u{f8ff}' => Class::Broken,
        'À'..='Ö' | 'Ø'..='ö' | 'ø'..='ÿ' => Class::Latin1,
        'Ā'..='\u{2af}' | '\u{1e00}'..='\u{1eff}' => Class::Accented,
        '\u{400}'..='\u{52f}' => Class::Cyrillic,
        _ if NEUTRAL.contains(letter) => Class::Boundary,
        _ if letter.is_alphanumeric() => Class::Foreign,
        // What code pages have beside letters: their signs, and the boxes that they draw.
        '\u{a1}'..='\u{bf}' | '\u{2c6}'..='\u{2dc}' | '\u{2020}'..='\u{2044}' | '\u{20a0}'..='\u{20bf}' => {
            Class::Symbol
        }
        '\u{2100}'..='\u{214f}' | '\u{2500}'..='\u{259f}' => Class::Symbol,
        // Marks of other scripts, mathematics, blanks.
        _ => Class::Boundary,
    }
}

enum Verdict {
    Nothing,
    Good,
    Bad,
    Mixed,
}

fn verdict(word: &str) -> Verdict {
    let count = |wanted: Class| word.chars().filter(|letter| class(*letter) == wanted).count();
    let (plain, latin_1, cyrillic) = (count(Class::Plain), count(Class::Latin1), count(Class::Cyrillic));
    let accented = latin_1 + count(Class::Accented);
    let (foreign, symbols) = (count(Class::Foreign), count(Class::Symbol));
    if count(Class::Broken) > 0 {
        return Verdict::Bad;
    }
    let scripts = [accented, cyrillic, foreign].into_iter().filter(|count| *count > 0).count();
    match (scripts, symbols) {
        (0, 0 | 1) => return Verdict::Nothing,
        // Signs outside ASCII beside each other, without any letter: boxes are drawn so, and words are not.
        (0, _) => return Verdict::Bad,
        (1, 0) => {}
        (_, _) => return Verdict::Bad,
    }
    let bad = match () {
        () if accented > 0 => crowded(word) || (latin_1 > 3 && latin_1 * 5 > (accented + plain) * 3),
        () if cyrillic > 0 && plain > 0 => return Verdict::Mixed,
        () if cyrillic > 0 => is_turned(word) || 2 * word.chars().filter(|c| ODD.contains(*c)).count() > cyrillic,
        () => false,
    };
    if bad { Verdict::Bad } else { Verdict::Good }
}

/// Three letters of the upper half of Latin-1 in a row; other Latin letters stand side by side in Vietnamese.
fn crowded(word: &str) -> bool {
    let mut run = 0;
    word.chars().any(|letter| {
        run = if class(letter) == Class::Latin1 { run + 1 } else { 0 };
        run >= 3
    })
}

/// A small letter and then capitals: what KOI8-R makes of words when it is taken for windows-1251.
fn is_turned(word: &str) -> bool {
    let mut letters = word.chars();
    letters.next().is_some_and(char::is_lowercase)
        && word.chars().count() > 2
        && letters.filter(|letter| class(*letter) == Class::Cyrillic).all(char::is_uppercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_languages_are_good_and_bytes_of_another_encoding_are_not() {
        for good in [
            "ЗАПЧАСТИ ДЛЯ САМОЛЁТА СУ-35, АО «КРЭТ», г. Москва № 5",
            "Société Générale, Zürich; Çelik Ürünleri Sanayi ve Dış Ticaret Ltd. Şti.",
            "中国航空技术国际控股有限公司 北京",
            "Công ty TNHH Việt Nam, Điện tử, đường ĐƯỢC Sản xuất",
            "Şirkəti Azərbaycan Məhdud Məsuliyyətli Cəmiyyəti",
            "हिन्दी कंपनी लिमिटेड, บริษัท ตัวอย่าง จำกัด, شركة المثال",
            "ДИАМЕТР≥20мм, Ø5, 20℃, ⌀7, 5×7мм, ВЕС≈3кг",
            "Ђорђе Његош, Ћуприја",
            "МиГ-29, РосОборонЭкспорт, ОмГУ, °C, 5 µm ±2",
            "ТОО «Қазақстан Темір Жолы», Ґалаґан і Їжак",
        ] {
            assert!(!Words::of(good).are_doubtful(), "{good}: {:?}", Words::of(good));
            assert!(Words::of(good).good > 1, "{good}");
        }
        for bad in [
            "Ð—ÐÐŸÐ§ÐÐ¡Ð¢Ð˜ Ð”Ð›Ð¯ Ð¡Ð£-35",
            "Ð¡Ñƒ-35, Ð´ÐµÑ‚Ð°Ð»Ð¸, Ð±Ð»Ð¾Ðº",
            "ÇÀÏ×ÀÑÒÈ ÄËß ÑÀÌÎË¨ÒÀ Ñó-35",
            "‡ЂЏ—Ђ‘’€ „‹џ ‘ЂЊЋ‹…’Ђ, § Ї з бвЁ ¤«п б ¬®«Ґв ",
            "гУХИПК нАНПНМЮ пНЯЯХЪ",
            "╙╫┼┴═█╔ ╧╬╤╥, ╧╨╚╠┼╨-╤└─ 18",
        ] {
            assert!(Words::of(bad).are_doubtful(), "{bad}: {:?}", Words::of(bad));
        }
    }

    #[test]
    fn usual_letters_rank_before_unusual_ones() {
        let (russian, turned) = (Words::of("ПОСТАВКА ЗАПЧАСТЕЙ"), Words::of("онярюбйю гюовюяреи"));
        assert!(russian.mean_rank() + 4 < turned.mean_rank(), "{russian:?} {turned:?}");
    }
}
