import { mount } from "svelte";
import App from "./App.svelte";
import { start } from "./lib/router.svelte";
import { theme } from "./lib/theme.svelte";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/print.css";

theme.apply();
start();
mount(App, { target: document.getElementById("app")! });
