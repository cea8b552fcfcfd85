import { de } from "./texts/de.ts";
import { en, type Texts } from "./texts/en.ts";

/** Languages by their code (BCP 47, without what comes after the language). */
const languages: Record<string, Texts> = { en, de };

/** Everything that is said, in the language that is spoken now. */
export let texts: Texts = en;

/**
 * Speaks the first of the wanted languages that is known; English when none is. A page has
 * one language, whatever is in it. Gives the language's code.
 */
export function speak(wanted: readonly string[]): string {
  const code = wanted.map((tag) => tag.toLowerCase().split("-")[0]!).find((code) => Object.hasOwn(languages, code)) ?? "en";
  texts = languages[code]!;
  return code;
}
