using StreamUsage.Accounting;
using StreamUsage.Parsing;

namespace StreamUsage.Tests.Support;

/// <summary>A parser that claims every event, up to a step of its work, and throws there.</summary>
internal sealed class FaultyParser(Exception fault, string at = "Apply") : IUsageParser
{
    public string Wire => at == "Wire" ? throw fault : "faulty";

    public WireMatch Match(WireEvent wireEvent) => at == "Match" ? throw fault : WireMatch.Certain;

    public UsageAccumulator Apply(WireEvent wireEvent, UsageAccumulator state, IOutputObserver output) => throw fault;
}
