//! Names of persons and bodies, in the form in which they are compared (D17, D39, D52).
//!
//! One name reaches a register in many code points: Kangxi radicals from PDF files, characters of the private use area from
//! old GBK systems, brackets and dots of every kind. None of that makes another name.

use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization as _;

use super::none;

/// Radicals of the block CJK Radicals Supplement that stand for characters, each behind its radical. Unicode has no
/// compatibility form for them.
const RADICALS: &str = "⺁厂⺅亻⺆冂⺇几⺈刀⺉刂⺊卜⺌小⺍小⺎尢⺒巳⺓幺⺕彐⺖忄⺘扌⺙攵⺛旡⺜日⺝月⺞歺⺟母⺠民⺡氵⺢氺⺣灬⺧牛⺨犭⺩王⺪疋⺫目⺬示⺭礻⺮竹\
⺯糹⺰纟⺲罒⺳网⺶羊⺷羊⺸羊⺹耂⺺肀⺻聿⺼月⺽臼⺾艹⻀艹⻁虎⻂衤⻃覀⻄西⻅见⻆角⻇角⻈讠⻉贝⻊足⻋车⻏邑⻐钅⻑長⻒镸⻓长⻔门⻕阜⻖阝⻗雨⻘青⻙韦⻚页⻛风⻜飞⻝食\
⻟飠⻠饣⻡首⻢马⻣骨⻤鬼⻥鱼⻦鸟⻧卤⻨麦⻩黄⻪黾⻫斉⻬齐⻭歯⻮齿⻯竜⻰龙⻱龜⻲亀⻳龟";

/// Code points that GBK systems used for characters that Unicode gained later, with their characters of GB 18030-2022.
static PRIVATE: LazyLock<Vec<(char, char)>> = LazyLock::new(|| {
    // Ranges of code points, and the first two bytes of GB 18030 that each begins with.
    const RANGES: [(u32, u32, [u8; 2]); 8] = [
        (0xE78D, 0xE793, [0xA6, 0xD9]),
        (0xE794, 0xE795, [0xA6, 0xEC]),
        (0xE796, 0xE796, [0xA6, 0xF3]),
        (0xE7C7, 0xE7C7, [0xA8, 0xBC]),
        (0xE7C8, 0xE7C8, [0xA8, 0xBF]),
        (0xE7E7, 0xE7F3, [0xA9, 0x89]),
        (0xE815, 0xE843, [0xFE, 0x50]),
        (0xE844, 0xE864, [0xFE, 0x80]),
    ];
    // Of these the decoder keeps the private code point; GB 18030-2005 gave them characters beyond the basic plane.
    const BEYOND: [(char, char); 6] = [
        ('\u{E816}', '\u{20087}'),
        ('\u{E817}', '\u{20089}'),
        ('\u{E818}', '\u{200CC}'),
        ('\u{E831}', '\u{215D7}'),
        ('\u{E83B}', '\u{2298F}'),
        ('\u{E855}', '\u{241FE}'),
    ];
    let mut pairs = BEYOND.to_vec();
    for (first, last, [lead, trail]) in RANGES {
        for (code, trail) in (first..=last).zip(trail..) {
            let bytes = [lead, trail];
            let (text, _, is_damaged) = encoding_rs::GB18030.decode(&bytes);
            if let (Some(private), Some(character), false) = (char::from_u32(code), text.chars().next(), is_damaged)
                && private != character
            {
                pairs.push((private, character));
            }
        }
    }
    pairs
});

/// The form in which names are compared: visible, without blanks, in compatibility form and upper case, with every
/// bracket, dash, quotation mark and name dot as one. Commas stay what they are (D17).
#[must_use]
pub fn normal(name: &str) -> String {
    let unescaped = none::unescaped(name);
    let visible = unescaped.chars().filter(|one| !none::is_invisible(*one)).map(|one| match one {
        '\u{E000}'..='\u{F8FF}' => PRIVATE.iter().find(|(private, _)| *private == one).map_or(one, |(_, known)| *known),
        '\u{2E80}'..='\u{2EFF}' => {
            let mut pairs = RADICALS.chars();
            pairs.by_ref().find(|radical| *radical == one).and_then(|_| pairs.next()).unwrap_or(one)
        }
        _ => one,
    });
    let marked: String = visible
        .map(|one| match one {
            dot if none::is_dot(dot) => '\u{00B7}',
            dash if none::is_dash(dash) => '-',
            quote if none::is_quote(quote) => '"',
            _ => none::bracket(one).unwrap_or(one),
        })
        .collect();
    let mut normal = String::with_capacity(marked.len());
    // Compatibility would make one comma of two.
    for (at, part) in marked.split('，').enumerate() {
        if at > 0 {
            normal.push('，');
        }
        normal.extend(
            part.nfkc().flat_map(char::to_uppercase).filter(|one| !one.is_whitespace() && !none::is_invisible(*one)),
        );
    }
    let trimmed = normal.trim_end_matches(['。', '､', '、', '；', ';', '，', ',']).len();
    normal.truncate(trimmed);
    normal
}

/// The names that a cell holds, in normal form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// Names in use: the whole cell, and each part where it holds several.
    pub current: Vec<String>,
    /// Former names, which the cell gives in brackets behind a name.
    pub former: Vec<String>,
}

impl Names {
    /// The one name that a court asks about, with the former name that it may give.
    #[must_use]
    pub fn of_court(name: &str) -> Self {
        let mut names = Self::default();
        if !none::is_none(name) {
            names.add(name);
        }
        names
    }

    /// The names in a cell of the register; none where it says that there is none.
    #[must_use]
    pub fn of(cell: &str) -> Self {
        let mut names = Self::default();
        if !none::is_none(cell) {
            // The semicolon of `&#8203;` parts no names (D39).
            let cell = none::unescaped(cell);
            names.add(&cell);
            // A mark at an end leaves one part, which is the name: `虚测公司/`.
            split(&cell).into_iter().filter(|part| *part != cell).for_each(|part| names.add(part));
        }
        names
    }

    fn add(&mut self, text: &str) {
        self.add_normal(&normal(text));
        // Corner brackets stand for brackets in one register and for quotation marks in another: either is the name.
        if text.contains(CORNERS) {
            self.add_normal(&normal(&text.replace(CORNERS, "\"")));
        }
    }

    fn add_normal(&mut self, whole: &str) {
        let mut current = vec![whole];
        let mut rest = whole;
        while let Some((name, note)) = noted(rest) {
            let former = former(note);
            if former.is_empty() && !is_dead(note) {
                break;
            }
            for former in former {
                push(&mut self.former, former);
            }
            current.push(name);
            rest = name;
        }
        if let Some(inner) = whole.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'))
            && !inner.contains(['(', ')'])
        {
            current.push(inner);
        }
        if let Some(first) = before_others(whole) {
            current.push(first);
        }
        for name in current {
            push(&mut self.current, name);
        }
    }

    /// Every name, current and former.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        self.current.iter().chain(&self.former).map(String::as_str)
    }
}

fn push(names: &mut Vec<String>, name: &str) {
    if !name.is_empty() && !names.iter().any(|known| known == name) {
        names.push(name.to_owned());
    }
}

/// Marks that stand between names.
const SEPARATORS: [char; 12] = ['、', '，', ',', ';', '；', '/', '／', '|', '｜', '\n', '\r', '\t'];

/// Corner brackets, which quote as often as they bracket.
const CORNERS: [char; 10] = ['「', '」', '『', '』', '｢', '｣', '﹁', '﹂', '﹃', '﹄'];

/// The parts of a cell: at marks between names, and at blanks where each part may be a Chinese name by itself. Marks in
/// brackets that close again stand between former names, and part nothing.
fn split(cell: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    let outside = |one: char| match none::bracket(one) {
        Some('(') => {
            depth += 1;
            false
        }
        Some(_) => {
            depth = depth.saturating_sub(1);
            false
        }
        None => depth == 0 && SEPARATORS.contains(&one),
    };
    let mut parts: Vec<&str> = cell.split(outside).collect();
    if depth > 0 {
        parts = cell.split(SEPARATORS).collect();
    }
    let parts = parts.into_iter().map(str::trim).filter(|part| !part.is_empty());
    parts
        .flat_map(|part| {
            let words: Vec<&str> = part.split_whitespace().collect();
            let is_name = |word: &&str| {
                word.chars().count() >= 2 && word.chars().all(|one| matches!(one, '\u{3400}'..='\u{9FFF}'))
            };
            if words.len() > 1 && words.iter().all(is_name) { words } else { vec![part] }
        })
        .collect()
}

/// Whether a cell has a mark that stands between names. A blank does not tell: it stands inside names as well.
#[must_use]
pub fn may_be_several(cell: &str) -> bool {
    cell.contains(SEPARATORS)
}

/// How many different holders a cell names; a former name behind a name is nobody else, and a word for none is nobody.
#[must_use]
pub fn count(cell: &str) -> usize {
    if none::is_none(cell) {
        return 0;
    }
    let cell = none::unescaped(cell);
    let mut holders: Vec<String> = Vec::new();
    for part in split(&cell).into_iter().filter(|part| !none::is_none(part)) {
        let normal = normal(part);
        let mut main = normal.as_str();
        while let Some((name, note)) = noted(main)
            && (!former(note).is_empty() || is_dead(note))
        {
            main = name;
        }
        push(&mut holders, main);
    }
    holders.len()
}

fn is_dead(note: &str) -> bool {
    matches!(note, "已故" | "已去世" | "已死亡" | "亡故" | "去世")
}

/// A name, and what stands in the last brackets behind it.
fn noted(name: &str) -> Option<(&str, &str)> {
    let rest = name.strip_suffix(')')?;
    let mut depth = 1_usize;
    let open = rest.char_indices().rev().find(|(_, one)| {
        match one {
            ')' => depth += 1,
            '(' => depth -= 1,
            _ => {}
        }
        depth == 0
    });
    let (name, note) = rest.split_at(open?.0);
    (!name.is_empty()).then(|| (name, &note[1..]))
}

/// The former names that a note gives: `原…`, `原名:…、…`, `曾用名…`.
fn former(note: &str) -> Vec<&str> {
    const WORDS: [&str; 7] = ["曾用名称", "曾用名", "原名称", "原名", "原", "更名前", "前身"];
    let behind_word = |text| WORDS.into_iter().find_map(|word| str::strip_prefix(text, word));
    if behind_word(note).is_none() {
        return Vec::new();
    }
    let names = note.split(SEPARATORS).map(|name| behind_word(name).unwrap_or(name));
    let names = names.map(|name| name.trim_start_matches([':', '为', '是', '·', '-']));
    names.filter(|name| name.chars().count() >= 2).collect()
}

/// The first of several whom the cell does not name: `甲等3人`.
fn before_others(name: &str) -> Option<&str> {
    let rest = name.strip_suffix(['人', '户', '名']).unwrap_or(name);
    let rest = rest.trim_end_matches(|one: char| one.is_ascii_digit() || "一二三四五六七八九十两".contains(one));
    rest.strip_suffix('等').filter(|first| first.chars().count() >= 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_names_so_many_holders_whatever_they_were_called_before() {
        for (cell, holders) in [
            ("虚测甲", 1),
            ("虚测甲、虚测乙", 2),
            ("虚测甲、虚测甲", 1),
            ("虚测甲（原虚测旧名有限公司）/", 1),
            ("虚测甲（原虚测丙）、虚测乙（已故）", 2),
            ("虚测甲（原虚测丙、虚测丁）", 1),
            ("虚测甲 虚测乙", 2),
            ("虚测甲/null", 1),
            ("无", 0),
            ("", 0),
        ] {
            assert_eq!(count(cell), holders, "{cell}");
        }
    }

    #[test]
    fn names_are_compared_without_what_is_form() {
        for (one, other) in [
            ("阿卜杜拉•买买提", "阿卜杜拉 · 买买提"),
            ("阿卜杜拉․买买提", "阿卜杜拉﹒买买提"),
            ("阿卜杜拉˙买买提", "阿卜杜拉●买买提"),
            ("某某（集团）有限公司", "某某(集团)有限 公司"),
            ("某某〔集团〕有限公司", "某某【集团】有限公司"),
            ("某某﹙集团﹚有限公司", "某某「集团」有限公司"),
            ("⽅测", "方测"),
            ("人⺠公司", "人民公司"),
            ("虚\u{E863}", "虚䶮"),
            ("测“试”公司", "测\"试\"公司"),
            ("测—试", "测-试"),
            ("测试公司\u{200E}", "测试公司"),
            ("测\u{0}试公司", "测试公司"),
            ("测试公司。", "测试公司"),
            ("测试Ⅱ厂", "测试II厂"),
            ("测&middot;试", "测·试"),
            ("葛\u{E0100}测", "葛测"),
        ] {
            assert_eq!(normal(one), normal(other), "{one}");
        }
        assert_eq!(normal("ａbc"), "ABC");
        assert_ne!(normal("张，三"), normal("张,三"));
    }

    #[test]
    fn an_entity_of_a_web_page_parts_no_names() {
        assert_eq!(Names::of("虚测甲&#8203;实业有限公司").current, ["虚测甲实业有限公司"]);
        assert_eq!(Names::of("&nbsp;虚测甲").current, ["虚测甲"]);
    }

    #[test]
    fn a_mark_at_an_end_is_no_part_of_the_name() {
        assert!(Names::of("虚测甲公司|//").current.contains(&"虚测甲公司".to_owned()));
        assert!(Names::of("/虚测甲公司").current.contains(&"虚测甲公司".to_owned()));
    }

    #[test]
    fn a_cell_may_hold_several_names_and_former_ones() {
        let names = Names::of("虚测新有限公司（原虚测旧有限公司）");
        assert!(names.current.contains(&"虚测新有限公司".to_owned()));
        assert_eq!(names.former, ["虚测旧有限公司"]);
        assert_eq!(Names::of("虚测甲(曾用名：虚测己)").former, ["虚测己"]);
        assert!(Names::of("虚测甲等3人").current.contains(&"虚测甲".to_owned()));
        for text in ["虚测甲/虚测乙", "虚测甲 虚测乙", "虚测甲\n虚测乙", "虚测甲|虚测乙", "虚测甲、虚测乙"]
        {
            assert!(Names::of(text).current.contains(&"虚测乙".to_owned()), "{text}");
        }
        let names = Names::of("虚测（集团）公司（原虚测旧（集团）公司、虚测老公司）（曾用名：虚测故公司）");
        assert!(names.current.contains(&"虚测(集团)公司".to_owned()), "{names:?}");
        assert_eq!(names.former, ["虚测故公司", "虚测旧(集团)公司", "虚测老公司"]);
        assert!(Names::of("「虚测」公司").current.contains(&normal("“虚测”公司")));
        assert!(Names::of("「虚测」公司").current.contains(&normal("（虚测）公司")));
        assert_eq!(Names::of("虚测（北京）分公司").current, ["虚测(北京)分公司"]);
        assert_eq!(Names::of("(null)"), Names::default());
    }

    #[test]
    fn every_private_code_point_has_its_character() {
        let of = |first: u32, last: u32| (first..=last).filter_map(char::from_u32);
        let all = of(0xE815, 0xE864).chain(of(0xE78D, 0xE796)).chain(of(0xE7C7, 0xE7C8)).chain(of(0xE7E7, 0xE7F3));
        let missing: Vec<char> = all.filter(|one| PRIVATE.iter().all(|(private, _)| private != one)).collect();
        assert!(missing.is_empty(), "{missing:?}");
        assert!(PRIVATE.iter().all(|(_, known)| !matches!(known, '\u{E000}'..='\u{F8FF}')));
    }
}
