import { PostgresQueryCompiler, ValueNode, type RawNode } from 'kysely';
import { IN_LIST } from '../src/one-of.ts';

/** PostgreSQL's words; a list that `oneOf` made is given as an array. */
export class ViewQueryCompiler extends PostgresQueryCompiler {
  protected override visitRaw(node: RawNode): void {
    const [column, list] = node.parameters;
    if (node.sqlFragments[1] !== IN_LIST || column === undefined || list === undefined || !ValueNode.is(list)) {
      super.visitRaw(node);
      return;
    }
    this.visitNode(column);
    this.append(' = any(');
    this.appendValue(JSON.parse(String(list.value)));
    this.append('::text[])');
  }
}
