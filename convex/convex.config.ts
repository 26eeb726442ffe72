import { defineComponent } from "convex/server";

const component = defineComponent("streamingImport");
export default component;
