using System.Net.ServerSentEvents;
using StreamUsage.Benchmarks.Workloads;

namespace StreamUsage.Benchmarks.Contenders;

/// <summary>What a good engineer writes by hand: SseParser over a tee, and a Utf8JsonReader over each event's
/// bytes.</summary>
internal sealed class ByHand : Contender
{
    private readonly byte[] _buffer = new byte[BufferSize];
    private readonly UsageByHand _usage = new();
    private ScriptedStream _body = null!;
    private Protocol _wire;
    private long _events;

    public override string Key => "hand";

    public override string Name => "SseParser + Utf8JsonReader";

    public override void Open(Workload workload, ScriptedStream body)
    {
        _body = body;
        _wire = workload.Protocol;
        _events = 0;
        _usage.Reset();
    }

    public override void Read()
    {
        // An item type of its own is compiled on its own: the framing that others measure is not slowed by the calls
        // made here.
        SseItemParser<bool> parser = _wire switch
        {
            Protocol.Claude => (_, data) => ClaudeByHand.Read(data, _usage),
            Protocol.Chat => (_, data) => ChatByHand.Read(data, _usage),
            Protocol.Gemini => (_, data) => GeminiByHand.Read(data, _usage),
            _ => (_, data) => ResponsesByHand.Read(data, _usage),
        };

        foreach (SseItem<bool> _ in SseParser.Create(new TeeStream(_body, _buffer), parser).Enumerate())
        {
            _events++;
        }
    }

    public override string? FindFault(Workload workload) =>
        Compare("events", workload.EventCount, _events) ?? Compare("totals", workload.Totals, _usage.ToTotals(_wire));
}
