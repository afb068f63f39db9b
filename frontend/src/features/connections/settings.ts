import type { SettingsSchema } from "@/api/types";
import { isAsked, type SettingsValues } from "@/ui/SchemaForm";

/** What to send: no generated values, nothing of a way not chosen, no untouched stored secrets, no empty text. */
export function cleanSettings(schema: SettingsSchema, values: SettingsValues): SettingsValues {
  const out: SettingsValues = {};
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    const value = values[name];
    if (field.generated || value === undefined || value === null) continue;
    if (!isAsked(field, schema, values)) continue;
    if (typeof value === "object" && "set" in value) continue;
    if (value === "" && (field.secret || field.default !== "")) continue;
    out[name] = value;
  }
  return out;
}
