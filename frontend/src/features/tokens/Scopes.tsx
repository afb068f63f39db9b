import { Button, Checkbox, Group } from "@mantine/core";
import type { Permission } from "@/api/types";
import { areaName, areaOf } from "../members/areas";
import css from "./Tokens.module.css";

interface ScopesProps {
  permissions: Permission[];
  /** What the maker may do: a token gets no more. */
  mine: string[];
  value: string[];
  onChange: (scopes: string[]) => void;
  error?: string;
}

/** Rights of a token by area, each in the server's sentence. */
export function Scopes({ permissions, mine, value, onChange, error }: ScopesProps) {
  const areas = [...new Set(permissions.map((permission) => areaOf(permission.name)))];
  const offered = permissions.filter((permission) => mine.includes(permission.name));
  const reads = offered.map((permission) => permission.name).filter((name) => name.endsWith(".read"));
  return (
    <div>
      <Checkbox.Group
        label="Scopes"
        description="Only what it needs. No token changes members, single sign-on or tokens."
        value={value}
        onChange={onChange}
        error={error}
      >
        <div className={css["areas"]}>
          {areas.map((area) => (
            <fieldset key={area} className={css["area"]}>
              <legend>{areaName(area)}</legend>
              {permissions
                .filter((permission) => areaOf(permission.name) === area)
                .map((permission) => (
                  <Checkbox
                    key={permission.name}
                    size="xs"
                    value={permission.name}
                    label={permission.sentence}
                    description={<span className="mono">{permission.name}</span>}
                    disabled={!mine.includes(permission.name)}
                  />
                ))}
            </fieldset>
          ))}
        </div>
      </Checkbox.Group>
      <Group gap={8} mt={8}>
        <Button size="compact-xs" variant="default" onClick={() => onChange(reads)}>
          Everything to read
        </Button>
        <Button size="compact-xs" variant="default" onClick={() => onChange([])}>
          Nothing
        </Button>
        <span className="muted" style={{ fontSize: 13 }} aria-live="polite">
          {value.length} chosen
        </span>
      </Group>
    </div>
  );
}
