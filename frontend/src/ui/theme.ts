import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from "@mantine/core";

const iris: MantineColorsTuple = [
  "#edecfb",
  "#d8d5f4",
  "#b5b0ea",
  "#9089df",
  "#7168d4",
  "#5b51c6",
  "#4c43b5",
  "#4238a8",
  "#362e8c",
  "#2a246f",
];

/** Mantine's dark greys, tuned to our own dark surfaces. */
const dark: MantineColorsTuple = [
  "#e8ecf2",
  "#b1bbc9",
  "#8f9bac",
  "#5a6576",
  "#3b4554",
  "#262d39",
  "#1d232d",
  "#141820",
  "#10141a",
  "#0d1015",
];

export const theme = createTheme({
  primaryColor: "iris",
  primaryShade: { light: 6, dark: 5 },
  colors: { iris, dark },
  fontFamily: 'Roboto, system-ui, -apple-system, "Segoe UI", sans-serif',
  fontFamilyMonospace: '"Roboto Mono", ui-monospace, Menlo, Consolas, monospace',
  fontSizes: { xs: "12px", sm: "13px", md: "14px", lg: "16px", xl: "20px" },
  lineHeights: { xs: "1.4", sm: "1.45", md: "1.5", lg: "1.5", xl: "1.4" },
  headings: {
    fontWeight: "500",
    sizes: {
      h1: { fontSize: "24px", lineHeight: "1.25" },
      h2: { fontSize: "16px", lineHeight: "1.35" },
      h3: { fontSize: "14px", lineHeight: "1.4" },
    },
  },
  defaultRadius: "md",
  radius: { xs: "3px", sm: "4px", md: "6px", lg: "8px", xl: "12px" },
  respectReducedMotion: true,
  focusRing: "auto",
  components: {
    Button: { defaultProps: { size: "sm", fw: 500 } },
    ActionIcon: { defaultProps: { variant: "subtle", color: "gray" } },
    TextInput: { defaultProps: { size: "sm" } },
    Tooltip: {
      defaultProps: {
        withArrow: true,
        openDelay: 250,
        multiline: true,
        maw: 320,
        events: { hover: true, focus: true, touch: true },
      },
    },
    Modal: {
      defaultProps: {
        centered: true,
        overlayProps: { backgroundOpacity: 0.5 },
        closeButtonProps: { "aria-label": "Close" },
      },
      styles: { title: { fontWeight: 500, fontSize: "16px" } },
    },
    Drawer: { styles: { title: { fontWeight: 500, fontSize: "16px" } } },
    Popover: { defaultProps: { hideDetached: false } },
    Tabs: { defaultProps: { keepMounted: false } },
  },
});

/** Mantine's own surfaces follow our tokens, so there is one palette. */
export const variables: CSSVariablesResolver = () => {
  const shared = {
    "--mantine-color-body": "var(--surface)",
    "--mantine-color-text": "var(--ink)",
    "--mantine-color-dimmed": "var(--ink-3)",
    "--mantine-color-placeholder": "var(--ink-3)",
    "--mantine-color-anchor": "var(--accent-ink)",
    "--mantine-color-default": "var(--surface)",
    "--mantine-color-default-hover": "var(--surface-2)",
    "--mantine-color-default-border": "var(--line-strong)",
    "--mantine-color-default-color": "var(--ink)",
    "--mantine-color-error": "var(--critical)",
    "--mantine-primary-color-light": "var(--accent-soft)",
    "--mantine-primary-color-light-color": "var(--accent-ink)",
    "--mantine-color-iris-light": "var(--accent-soft)",
    "--mantine-color-iris-light-color": "var(--accent-ink)",
    "--mantine-color-gray-light-color": "var(--ink-2)",
    "--mantine-color-green-light": "var(--ok-soft)",
    "--mantine-color-green-light-color": "var(--ok)",
    "--mantine-color-yellow-light": "var(--medium-soft)",
    "--mantine-color-yellow-light-color": "var(--medium)",
    "--mantine-color-red-filled": "var(--danger)",
    "--mantine-color-red-filled-hover": "var(--danger-hover)",
    "--mantine-color-red-light": "var(--critical-soft)",
    "--mantine-color-red-light-color": "var(--critical)",
  };
  return { variables: {}, light: shared, dark: shared };
};
