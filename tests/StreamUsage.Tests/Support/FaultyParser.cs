using StreamUsage.Accounting;
using StreamUsage.Parsing;

namespace StreamUsage.Tests.Support;

/// <summary>A parser that claims every event, up to a step of its work, and throws there.</summary>
internal sealed class FaultyParser(Exception fault, string at = "Apply") : IUsageParser
{
    public string Protocol => at == "Protocol" ? throw fault : "faulty";

    public ParserMatch Match(StreamEvent streamEvent) => at == "Match" ? throw fault : ParserMatch.Certain;

    public UsageAccumulator Apply(StreamEvent streamEvent, UsageAccumulator state) => throw fault;
}
