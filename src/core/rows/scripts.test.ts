import { expect, test } from "vitest";
import { toAscii } from "./scripts.js";

// The right-hand sides are those of the Rust crate `unidecode` 0.3.
test.each([
  ["Größe, Prénom, Çağrı, Łódź, Ŝanĝo, Đồng", "Grosse, Prenom, Cagri, Lodz, Sango, Dong"],
  ["дата создания, ёж, Юлия, Її, Ѓ", "data sozdaniia, iozh, iuliia, yiyi, gj"],
  ["Объект, день", "Obekt, den'"],
  ["Ηλικία, βάρος, φύλο, χώρα, ευρώ", "elikia, baros, phulo, khora, euro"],
  ["しずつふ ヲヶ", "sizutuhu woke"],
  ["北亰, げんまい茶", "Bei Jing , genmaiCha "],
  ["e\u0301te\u0301 u\u0308ber", "ete uber"],
  ["£ × §", "PS x SS"],
  ["tab\tand plain ASCII_$", "tab\tand plain ASCII_$"],
])("%s", (name, ascii) => {
  // Case does not matter: a slug is in lower case.
  expect(toAscii(name).toLowerCase()).toBe(ascii.toLowerCase());
});

test("the result is ASCII for every character there is", () => {
  let text = "";
  for (let code = 0; code <= 0x1ffff; code++)
    if (code < 0xd800 || code > 0xdfff) text += String.fromCodePoint(code);
  expect(toAscii(text)).toMatch(/^[\0-\x7f]*$/);
  expect(toAscii("\ud800")).toBe("");
});
