import { useMantineColorScheme } from "@mantine/core";
import { api, unwrap } from "@/api/client";
import { useChange } from "@/api/queries";
import type { Theme } from "@/api/types";

const toScheme = { system: "auto", light: "light", dark: "dark" } as const;
const toTheme = { auto: "system", light: "light", dark: "dark" } as const;

/** A person's theme: applied here at once, stored with the account for their other browsers. */
export function useTheme(): {
  theme: Theme;
  setTheme: (theme: Theme) => void;
  apply: (theme: Theme) => void;
} {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const store = useChange({
    run: (theme: Theme) => unwrap(api.PATCH("/session", { params: { path: {} }, body: { theme } })),
    touches: [["place"]],
    quiet: true,
  });
  return {
    theme: toTheme[colorScheme],
    apply: (theme) => setColorScheme(toScheme[theme]),
    setTheme: (theme) => {
      setColorScheme(toScheme[theme]);
      store.mutate(theme);
    },
  };
}
