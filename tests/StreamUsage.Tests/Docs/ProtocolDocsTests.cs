using System.Globalization;
using System.Text;
using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Parsing;
using StreamUsage.Parsing.UsageObjects;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Docs;

/// <summary>
/// docs/protocols.md and docs/internals/protocols.md say what the parsers read: their tables are made of the parsers'
/// own. STREAMUSAGE_WRITE_DOCS=1 writes them anew.
/// </summary>
public sealed class ProtocolDocsTests
{
    private static readonly bool Writes = Environment.GetEnvironmentVariable("STREAMUSAGE_WRITE_DOCS") == "1";

    [Fact]
    public void The_protocols_are_those_of_the_parsers() => Verify("docs/protocols.md", "protocols", Protocols());

    [Fact]
    public void The_fields_of_usage_are_those_that_the_parsers_read() => Verify("docs/internals/protocols.md", "usage", Usage());

    [Fact]
    public void Each_protocol_has_a_fixture()
    {
        string?[] tested = [.. ProtocolFixture.All.Select(fixture => fixture.Expected.GetProperty("protocol").GetString()).Distinct()];

        tested.Should().BeEquivalentTo(
            ParserSet.All.Select(known => known.Parser.Protocol).Where(protocol => protocol != "openai-realtime").Distinct());
    }

    [Fact]
    public void Each_protocol_with_a_stream_has_a_streamed_fixture_and_a_cut_mark()
    {
        JsonElement[] streamed = [.. ProtocolFixture.All.Where(fixture => !fixture.IsWhole).Select(fixture => fixture.Expected)];

        streamed.Should().OnlyContain(expected => expected.GetProperty("end").GetString()!.Length > 0);
        streamed.Select(expected => expected.GetProperty("protocol").GetString()).Distinct().Should().HaveCountGreaterThanOrEqualTo(11);
    }

    private static string Protocols()
    {
        var text = new StringBuilder("| `Protocol` | `ApiFormat` | `Operation` |\n| --- | --- | --- |\n");
        foreach (IGrouping<string, (ApiFormat Format, IUsageParser Parser)> protocol in ParserSet.All.Where(known =>
            known.Parser is IProbedProtocol).GroupBy(known => known.Parser.Protocol).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            IEnumerable<string> formats = protocol.Select(known => known.Format.Name).Distinct();
            IEnumerable<string> operations = protocol.Select(known => known.Parser.Operation).Distinct();
            text.Append(
                CultureInfo.InvariantCulture, $"| {protocol.Key} | {string.Join(", ", formats)} | {string.Join(", ", operations)} |\n");
        }

        return text.ToString();
    }

    private static string Usage()
    {
        var text = new StringBuilder();
        foreach (IGrouping<UsageNames, IProbedProtocol> table in ParserSet.All.Select(known => known.Parser)
            .OfType<IProbedProtocol>().Where(parser => parser.UsageNames is not null).GroupBy(parser => parser.UsageNames!))
        {
            IEnumerable<string> protocols = table.Select(parser => parser.Protocol).Distinct().Order(StringComparer.Ordinal);
            text.Append(
                CultureInfo.InvariantCulture, $"### {string.Join(", ", protocols)}\n\n| of the record | fields |\n| --- | --- |\n");
            foreach (IGrouping<string, string> row in Rows(table.Key, "", isBilled: false).GroupBy(row => row.Target, row => row.Field))
            {
                text.Append(CultureInfo.InvariantCulture, $"| {row.Key} | {string.Join(", ", row.Select(field => $"`{field}`"))} |\n");
            }

            text.Append('\n');
        }

        return text.ToString().TrimEnd('\n') + "\n";
    }

    private static IEnumerable<(string Target, string Field)> Rows(UsageNames names, string prefix, bool isBilled)
    {
        foreach (UsageName name in names.All.Where(name => name.Field != UsageField.Ignored))
        {
            if (name.Group is { } group)
            {
                foreach ((string target, string field) in Rows(
                    group, $"{prefix}{name.Name}.", isBilled || name.Field == UsageField.BilledCounts))
                {
                    yield return (target, field);
                }
            }
            else
            {
                yield return (Target(name, isBilled), prefix + name.Name);
            }
        }
    }

    private static string Target(UsageName name, bool isBilled) => name.Field switch
    {
        UsageField.Count or UsageField.AnthropicCacheCount or UsageField.CountAndDetail when isBilled => "`BilledUsage`",
        UsageField.Count or UsageField.AnthropicCacheCount => Target(name.CountOf),
        UsageField.CountAndDetail => $"`TokenDetails`, `{name.Key}`, and {Target(name.CountOf)}",
        UsageField.Detail => $"`TokenDetails`, `{name.Key}`",
        UsageField.LifetimeList => "cache writes by lifetime",
        UsageField.InputModalities => "input by modality",
        UsageField.CacheModalities => "cache reads by modality",
        UsageField.OutputModalities => "output by modality",
        UsageField.Cost or UsageField.CostTicks => "`ReportedCost`",
        UsageField.ToolRequests or UsageField.ToolCalls
            or UsageField.ToolNames or UsageField.ToolList or UsageField.SingleTool => "`ServerToolUse`",
        UsageField.ServiceTier => "`ServiceTier`",
        UsageField.Speed => "`Speed`",
        UsageField.InferenceGeo => "`InferenceGeo`",
        UsageField.BilledUnit => $"`BilledUnits`, `{name.Key}`",
        UsageField.Iterations => "`Iterations`",
        UsageField.Semantic => "whose convention holds",
        UsageField.FallbackCredit => "`UncertainBill`",
        _ => throw new ArgumentOutOfRangeException(nameof(name), name.Field, "No row says what this is."),
    };

    private static string Target(UsageCount count) => count switch
    {
        UsageCount.Input => "input",
        UsageCount.InputWithCache => "input and caches",
        UsageCount.ToolInput => "input beside it",
        UsageCount.CacheRead => "`CacheReadInputTokens`",
        UsageCount.CacheCreation => "`CacheCreationInputTokens`",
        UsageCount.CacheCreation5m => "`CacheCreation5mInputTokens`",
        UsageCount.CacheCreation1h => "`CacheCreation1hInputTokens`",
        UsageCount.Output => "`OutputTokens`",
        UsageCount.Citations => "output beside it",
        UsageCount.Reasoning => "`ReasoningTokens`",
        UsageCount.Total => "the total",
        UsageCount.InputAudio => "`InputAudioTokens`",
        UsageCount.CacheReadAudio => "`CacheReadAudioTokens`",
        UsageCount.OutputAudio => "`OutputAudioTokens`",
        UsageCount.OutputImage => "`OutputImageTokens`",
        UsageCount.Searches => "`ServerToolUse`",
        _ => throw new ArgumentOutOfRangeException(nameof(count), count, "No row says what this is."),
    };

    private static void Verify(string file, string mark, string expected)
    {
        string path = Path.Combine(MarkdownFile.Root, file);
        string page = File.ReadAllText(path);
        string begin = $"<!-- {mark} -->\n", end = "<!-- end -->";
        int start = page.IndexOf(begin, StringComparison.Ordinal) + begin.Length;
        int length = page[start..].IndexOf(end, StringComparison.Ordinal);
        if (Writes)
        {
            File.WriteAllText(path, page[..start] + expected + page[(start + length)..]);
        }
        else
        {
            page.Substring(start, length).Should().Be(expected, "the tables are written by this test with STREAMUSAGE_WRITE_DOCS=1");
        }
    }
}
