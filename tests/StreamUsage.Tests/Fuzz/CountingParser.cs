using System.Text;
using StreamUsage.Accounting;
using StreamUsage.Parsing;

namespace StreamUsage.Tests.Fuzz;

/// <summary>A parser that counts the events it is given, so that those that matched a template show.</summary>
internal sealed class CountingParser(IProtocolParser inner) : IProtocolParser, ITemplatedProtocol
{
    public int Events { get; private set; }

    public string? LastData { get; private set; }

    public string Protocol => "counted";

    public bool MayVary(ReadOnlySpan<byte> name) => ((ITemplatedProtocol)inner).MayVary(name);

    public bool IsCount(ReadOnlySpan<byte> name) => ((ITemplatedProtocol)inner).IsCount(name);

    public ParserMatch Match(StreamEvent streamEvent) => inner.Match(streamEvent);

    public UsageAccumulator Apply(StreamEvent streamEvent, UsageAccumulator state, IOutputObserver output)
    {
        Events++;
        LastData = Encoding.UTF8.GetString(streamEvent.Data);
        return inner.Apply(streamEvent, state, output);
    }
}
