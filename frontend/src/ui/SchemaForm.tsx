import {
  Accordion,
  NumberInput,
  PasswordInput,
  Select,
  Stack,
  Switch,
  TagsInput,
  Textarea,
  TextInput,
} from "@mantine/core";
import type { SettingsField, SettingsSchema } from "@/api/types";
import { words } from "./format";

export type SettingsValues = Record<string, unknown>;

interface SchemaFormProps {
  schema: SettingsSchema;
  values: SettingsValues;
  onChange: (values: SettingsValues) => void;
  errors?: Record<string, string>;
}

/** `anyOf: [X, null]` is how an optional field looks; X carries the type. */
function resolve(field: SettingsField): SettingsField {
  const inner = field.anyOf?.find((option) => (option.type as string) !== "null");
  return inner
    ? { ...inner, ...field, type: inner.type, enum: inner.enum, items: inner.items, format: inner.format }
    : field;
}

/** A stored secret is answered as {"set": true}: kept unless something new is typed. */
const isSet = (value: unknown): boolean =>
  typeof value === "object" && value !== null && "set" in value && value.set === true;

/** Whether a field is asked for: one that belongs to a choice, only once that choice is made. */
export function isAsked(field: SettingsField, schema: SettingsSchema, values: SettingsValues): boolean {
  return Object.entries(field.when ?? {}).every(
    ([other, wanted]) => (values[other] ?? schema.properties?.[other]?.default) === wanted,
  );
}

/** The settings form of any connector, from its JSON Schema. */
export function SchemaForm({ schema, values, onChange, errors = {} }: SchemaFormProps) {
  const fields = Object.entries(schema.properties ?? {}).filter(
    ([, field]) => !field.generated && isAsked(field, schema, values),
  );
  const plain = fields.filter(([, field]) => !field.advanced);
  const advanced = fields.filter(([, field]) => field.advanced);
  const draw = ([name, raw]: [string, SettingsField]) => (
    <Field
      key={name}
      name={name}
      field={resolve(raw)}
      required={schema.required?.includes(name) ?? false}
      value={values[name]}
      error={errors[name]}
      onChange={(value) => onChange({ ...values, [name]: value })}
    />
  );
  return (
    <Stack gap="md">
      {plain.map(draw)}
      {advanced.length ? (
        <Accordion variant="contained" chevronPosition="left">
          <Accordion.Item value="advanced">
            <Accordion.Control>Advanced settings ({advanced.length})</Accordion.Control>
            <Accordion.Panel>
              <Stack gap="md">{advanced.map(draw)}</Stack>
            </Accordion.Panel>
          </Accordion.Item>
        </Accordion>
      ) : null}
    </Stack>
  );
}

interface FieldProps {
  name: string;
  field: SettingsField;
  required: boolean;
  value: unknown;
  error?: string;
  onChange: (value: unknown) => void;
}

function Field({ name, field, required, value, error, onChange }: FieldProps) {
  const shared = { label: field.title ?? words(name), description: field.description, required, error, name };
  const text = typeof value === "string" || typeof value === "number" ? String(value) : "";
  const example = field.examples?.[0] === undefined ? undefined : String(field.examples[0]);
  if (field.secret || field.format === "password") {
    return (
      <PasswordInput
        {...shared}
        required={required && !isSet(value)}
        autoComplete="off"
        placeholder={isSet(value) ? "Stored. Type to replace it." : example}
        value={text}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    );
  }
  if (field.enum) {
    return (
      <Select
        {...shared}
        data={field.enum}
        value={text || (field.default as string | undefined) || null}
        onChange={onChange}
      />
    );
  }
  if (field.type === "boolean") {
    return (
      <Switch
        label={shared.label}
        description={field.description}
        error={error}
        name={name}
        checked={Boolean(value ?? field.default)}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
    );
  }
  if (field.type === "integer" || field.type === "number") {
    return (
      <NumberInput
        {...shared}
        min={field.minimum}
        max={field.maximum}
        allowDecimal={field.type === "number"}
        value={(value ?? field.default ?? "") as number | string}
        onChange={(next) => onChange(next === "" ? undefined : next)}
      />
    );
  }
  if (field.type === "array") {
    return (
      <TagsInput
        {...shared}
        placeholder={example}
        value={((value ?? field.default) as string[] | undefined) ?? []}
        onChange={onChange}
      />
    );
  }
  if (field.format === "multiline" || field.format === "textarea") {
    return (
      <Textarea
        {...shared}
        autosize
        minRows={4}
        placeholder={example}
        value={text}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    );
  }
  return (
    <TextInput
      {...shared}
      placeholder={example}
      value={text || (value === undefined && field.default != null ? String(field.default) : text)}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}
