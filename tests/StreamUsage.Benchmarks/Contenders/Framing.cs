using System.Net.ServerSentEvents;
using StreamUsage.Benchmarks.Workloads;

namespace StreamUsage.Benchmarks.Contenders;

/// <summary>The framework's SseParser, which finds the events and does not look into them: what all ratios are
/// to.</summary>
internal sealed class Framing : Contender
{
    private ScriptedStream _body = null!;
    private long _events, _dataBytes;

    public override string Key => "framing";

    public override string Name => "SseParser framing";

    public override void Open(Workload workload, ScriptedStream body)
    {
        _body = body;
        _events = 0;
        _dataBytes = 0;
    }

    public override void Read()
    {
        foreach (SseItem<int> item in SseParser.Create(_body, static (_, data) => data.Length).Enumerate())
        {
            _events++;
            _dataBytes += item.Data;
        }
    }

    public override string? FindFault(Workload workload) =>
        Compare("events", workload.EventCount, _events) ?? Compare("data bytes", workload.DataBytes, _dataBytes);
}
