export interface Strength {
  /** 0 cannot be sent, 1 will be refused, 2 fair, 3 strong. */
  level: 0 | 1 | 2 | 3;
  sentence: string;
}

export const MIN_LENGTH = 12;
export const MAX_LENGTH = 200;

const COMMON =
  /password|passwort|qwert[yz]|asdfgh|letmein|welcome|admin|iloveyou|monkey|dragon|football|baseball|sunshine|princess|master|secret|changeme|summer|winter|spring|autumn|monday|january|february|abcdef/gi;

/** Letters left when the words everybody tries first, digits and signs are taken out. */
const ownLetters = (text: string): number =>
  text
    .replace(COMMON, "")
    .replace(/(.{1,4})\1+/g, "$1")
    .replace(/[^\p{L}]/gu, "").length;

/** The names everybody connects with an account: product, workspace, the parts of address and name. */
export function namesIn(...texts: string[]): string[] {
  const words =
    ["portcullis", ...texts]
      .join(" ")
      .toLowerCase()
      .match(/[\p{L}\p{N}]{4,}/gu) ?? [];
  return [...new Set(words)].sort((a, b) => b.length - a.length);
}

/** Whether little is left of it without those names. */
function madeOf(password: string, names: string[]): boolean {
  const whole = password.toLowerCase();
  const rest = names.reduce((text, name) => text.replaceAll(name, ""), whole);
  return rest !== whole && rest.replace(/[^\p{L}]/gu, "").length < MIN_LENGTH / 2;
}

/** Says beforehand what the server would refuse. It knows leaked passwords, we do not: it decides. */
export function strength(password: string, names: string[] = []): Strength {
  const missing = MIN_LENGTH - password.length;
  if (!password)
    return {
      level: 0,
      sentence: `At least ${MIN_LENGTH} characters. Four unrelated words are easy to remember and hard to guess.`,
    };
  if (missing > 0)
    return { level: 0, sentence: `${missing} more ${missing === 1 ? "character" : "characters"} needed` };
  if (password.length > MAX_LENGTH) return { level: 0, sentence: `At most ${MAX_LENGTH} characters` };
  if (madeOf(password, names))
    return {
      level: 1,
      sentence: "Mostly made of the name of the product, the workspace or your address: it would be refused.",
    };
  const different = new Set(password.toLowerCase()).size;
  if (different < 6 || (ownLetters(password) < 4 && password.length < 20))
    return {
      level: 1,
      sentence: "Too easy to guess: it repeats itself or is close to a common password. It would be refused.",
    };
  if (password.length >= 18 || (different >= 10 && password.length >= 14))
    return { level: 3, sentence: "Strong, unless another service leaked it" };
  return { level: 2, sentence: "Long enough. One that is easy to guess is refused with the reason." };
}

/** A workspace address from an organisation's name. */
export function slugFrom(name: string): string {
  return name
    .normalize("NFKD")
    .replace(/[\u0300-\u036f]/g, "")
    .toLowerCase()
    .replace(/ß/g, "ss")
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 40)
    .replace(/-+$/, "");
}
