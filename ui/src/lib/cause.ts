// Suspected causes in words.
const LABELS: Record<string, string> = {
  network: "Network",
  timeout: "Timeout",
  database: "Database",
  invalid_input: "Invalid input",
  missing_value: "Missing value",
  missing_item: "Missing item",
  permission: "Permission",
  resources: "Resources",
  configuration: "Configuration",
  concurrency: "Concurrency",
  assertion: "Assertion",
  unknown: "Unknown",
};

/** Those that can be set. */
export const CAUSES = Object.keys(LABELS).filter((cause) => cause !== "unknown");

/** A cause that is not known here is shown as it is called. */
export const causeLabel = (cause: string): string => LABELS[cause] ?? cause;
