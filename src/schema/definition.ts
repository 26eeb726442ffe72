import type {
  GenericTableIndexes,
  GenericTableSearchIndexes,
  GenericTableVectorIndexes,
  IndexTiebreakerField,
  SystemFields,
  TableDefinition,
} from "convex/server";
import type { GenericValidator } from "convex/values";
import type { MirrorBrand } from "./contract.js";

type FieldPaths<DocumentType extends GenericValidator> = DocumentType["fieldPaths"] | keyof SystemFields;

/**
 * A table definition that stays a mirror through `.index()`, `.searchIndex()`, `.vectorIndex()` and `.staged()`.
 *
 * The methods of Convex's own `TableDefinition` return a plain `TableDefinition`, which would drop the brand and
 * let the guards fail open; hence every method is declared again with this type as its result. At run time there is
 * nothing to do: the methods return `this`.
 */
export interface MirrorTableDefinition<
  DocumentType extends GenericValidator = GenericValidator,
  Indexes extends GenericTableIndexes = {},
  SearchIndexes extends GenericTableSearchIndexes = {},
  VectorIndexes extends GenericTableVectorIndexes = {},
>
  extends TableDefinition<DocumentType, Indexes, SearchIndexes, VectorIndexes>, MirrorBrand {
  index<
    IndexName extends string,
    First extends FieldPaths<DocumentType>,
    Rest extends FieldPaths<DocumentType>[],
  >(
    name: IndexName,
    indexConfig: { fields: [First, ...Rest]; staged?: false },
  ): MirrorTableDefinition<
    DocumentType,
    Expand<Indexes & Record<IndexName, [First, ...Rest, IndexTiebreakerField]>>,
    SearchIndexes,
    VectorIndexes
  >;
  index<
    IndexName extends string,
    First extends FieldPaths<DocumentType>,
    Rest extends FieldPaths<DocumentType>[],
  >(
    name: IndexName,
    fields: [First, ...Rest],
  ): MirrorTableDefinition<
    DocumentType,
    Expand<Indexes & Record<IndexName, [First, ...Rest, IndexTiebreakerField]>>,
    SearchIndexes,
    VectorIndexes
  >;
  index<
    IndexName extends string,
    First extends FieldPaths<DocumentType>,
    Rest extends FieldPaths<DocumentType>[],
  >(
    name: IndexName,
    indexConfig: { fields: [First, ...Rest]; staged: true },
  ): MirrorTableDefinition<DocumentType, Indexes, SearchIndexes, VectorIndexes>;

  searchIndex<
    IndexName extends string,
    SearchField extends FieldPaths<DocumentType>,
    FilterFields extends FieldPaths<DocumentType> = never,
  >(
    name: IndexName,
    indexConfig: { searchField: SearchField; filterFields?: FilterFields[]; staged?: false },
  ): MirrorTableDefinition<
    DocumentType,
    Indexes,
    Expand<SearchIndexes & Record<IndexName, { searchField: SearchField; filterFields: FilterFields }>>,
    VectorIndexes
  >;
  searchIndex<
    IndexName extends string,
    SearchField extends FieldPaths<DocumentType>,
    FilterFields extends FieldPaths<DocumentType> = never,
  >(
    name: IndexName,
    indexConfig: { searchField: SearchField; filterFields?: FilterFields[]; staged: true },
  ): MirrorTableDefinition<DocumentType, Indexes, SearchIndexes, VectorIndexes>;

  vectorIndex<
    IndexName extends string,
    VectorField extends FieldPaths<DocumentType>,
    FilterFields extends FieldPaths<DocumentType> = never,
  >(
    name: IndexName,
    indexConfig: {
      vectorField: VectorField;
      dimensions: number;
      filterFields?: FilterFields[];
      staged?: false;
    },
  ): MirrorTableDefinition<
    DocumentType,
    Indexes,
    SearchIndexes,
    Expand<
      VectorIndexes &
        Record<IndexName, { vectorField: VectorField; dimensions: number; filterFields: FilterFields }>
    >
  >;
  vectorIndex<
    IndexName extends string,
    VectorField extends FieldPaths<DocumentType>,
    FilterFields extends FieldPaths<DocumentType> = never,
  >(
    name: IndexName,
    indexConfig: {
      vectorField: VectorField;
      dimensions: number;
      filterFields?: FilterFields[];
      staged: true;
    },
  ): MirrorTableDefinition<DocumentType, Indexes, SearchIndexes, VectorIndexes>;

  staged(
    documentSchema: Parameters<
      TableDefinition<DocumentType, Indexes, SearchIndexes, VectorIndexes>["staged"]
    >[0],
  ): MirrorTableDefinition<DocumentType, Indexes, SearchIndexes, VectorIndexes>;
}

/** Shows an intersection as one object in editors, as Convex's own table types do. */
export type Expand<T> = T extends unknown ? { [Key in keyof T]: T[Key] } : never;
