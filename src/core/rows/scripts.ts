/**
 * ASCII for names in any script, as near as possible to the Rust crate `unidecode` (0.3), by which the backend cleans
 * names: the tables of `any-ascii`, corrected where the scripts that names are commonly written in differ.
 *
 * Equal to `unidecode`: Latin with all accents of Europe and Vietnam, modern Greek, Cyrillic, kana, and nine of ten
 * common Han characters. Different: Hangul with double consonants (`kk` here, `gg` there), long vowels of Indic
 * scripts, rare Han characters, currency signs, and characters beyond the basic plane, such as emoji, which have a name
 * here and nothing there.
 */
import anyAscii from "any-ascii";

/** What `unidecode` has where `any-ascii` has something else: a character, then its text, in turn. */
const CORRECTIONS = `
  ё io й i ю iu я ia ѐ ie ѓ gj ї yi ћ tsh ќ kj Є E
  β b ή e η e υ u ϋ u ύ u ΰ u φ ph χ kh Ξ Ks
  し si じ zi ち ti ぢ di っ tu つ tu づ du ふ hu ゐ wi ゑ we を wo
  シ si ジ zi チ ti ヂ di ッ tu ツ tu ヅ du フ hu ヰ wi ヱ we ヲ wo ヶ ke
  ¢ C/ £ PS ¥ Y= § SS × x
`;

/** The hard sign is not written at all. */
const corrections = new Map<string, string>([
  ["ъ", ""],
  ["Ъ", ""],
]);
const words = CORRECTIONS.trim().split(/\s+/);
for (let i = 0; i < words.length; i += 2) {
  const [character, text] = [words[i]!, words[i + 1]!];
  corrections.set(character, text);
  const capital = character.toUpperCase();
  // Some letters have no capital of one character.
  if (capital.length === 1 && !corrections.has(capital)) corrections.set(capital, text);
}

const CORRECTED = new RegExp(`[${[...corrections.keys()].join("")}]|\\p{Script=Han}`, "gu");

/** ASCII text for a name. Han characters are set apart by spaces, as `unidecode` does: 北京 gives "Bei Jing ". */
export function toAscii(name: string): string {
  return anyAscii(
    name.replace(CORRECTED, (character) => corrections.get(character) ?? `${anyAscii(character)} `),
  );
}
