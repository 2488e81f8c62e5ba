using System.Text.Json;
using StreamUsage.Benchmarks.Workloads;

namespace StreamUsage.Benchmarks.Growth;

/// <summary>A workload whose deltas are repeated in a circle, so that a stream of any length takes no more memory than
/// one of 500 events.</summary>
internal sealed class EventBlock
{
    // 74 kB of Claude's events, 163 kB of chat's: the bytes stay in the second-level cache whatever the length, and are
    // too many to be known by heart.
    private const int Events = 500;

    private readonly Workload _workload;
    private readonly int[] _eventEnds;
    private readonly long[] _charactersBefore, _bytesBefore;

    private EventBlock(string name, Workload workload, int headEvents, int tailEvents)
    {
        Name = name;
        _workload = workload;
        _eventEnds = workload.EventEnds;
        FirstDelta = headEvents;
        DeltaCount = workload.EventCount - headEvents - tailEvents;
        _charactersBefore = new long[DeltaCount + 1];
        _bytesBefore = new long[DeltaCount + 1];
        for (int i = 0; i < DeltaCount; i++)
        {
            _charactersBefore[i + 1] = _charactersBefore[i] + CountCharacters(FirstDelta + i);
            _bytesBefore[i + 1] = Begin(FirstDelta + i + 1) - Begin(FirstDelta);
        }

        if (_charactersBefore[DeltaCount] != workload.Totals.Characters)
        {
            throw new WrongAnswerException($"{name}: text outside of what is repeated");
        }
    }

    public string Name { get; }

    /// <summary>The index of the first event that is repeated; those before it are a stream's beginning.</summary>
    public int FirstDelta { get; }

    public int DeltaCount { get; }

    /// <summary>The index of the first event of a stream's end.</summary>
    public int FirstOfTail => FirstDelta + DeltaCount;

    public int EventCount => _workload.EventCount;

    /// <summary>The events of a stream that are no deltas.</summary>
    public int FixedEvents => EventCount - DeltaCount;

    public byte[] Body => _workload.Body;

    public static IReadOnlyList<EventBlock> CreateAll() =>
    [
        new("Claude", ClaudeText.Create("claude", EnglishText.NextPhrase, Events), headEvents: 3, tailEvents: 3),
        new("chat", ChatCompletion.Create("chat", Events), headEvents: 1, tailEvents: 3),
    ];

    /// <summary>Where an event begins; of the event after the last one, the end of the body.</summary>
    public int Begin(int eventIndex) => eventIndex == 0 ? 0 : _eventEnds[eventIndex - 1];

    /// <summary>What a reader must find in a stream of so many deltas, of which the first is the one with this
    /// number.</summary>
    public Totals Totals(int firstDelta, int deltas) =>
        _workload.Totals with { Characters = SumInCircle(_charactersBefore, firstDelta, deltas) };

    /// <summary>The length of such a stream in bytes.</summary>
    public long Bytes(int firstDelta, int deltas) => Body.Length - _bytesBefore[DeltaCount] + SumInCircle(_bytesBefore, firstDelta, deltas);

    private long SumInCircle(long[] before, int first, int count)
    {
        long end = (long)first + count;
        return (end / DeltaCount * before[DeltaCount]) + before[end % DeltaCount] - before[first];
    }

    private int CountCharacters(int eventIndex)
    {
        ReadOnlyMemory<byte> bytes = Body.AsMemory(Begin(eventIndex)..Begin(eventIndex + 1));
        ReadOnlySpan<byte> field = "data: "u8;
        using JsonDocument data = JsonDocument.Parse(bytes[(bytes.Span.IndexOf(field) + field.Length)..]);
        JsonElement text = _workload.Protocol == Protocol.Claude
            ? data.RootElement.GetProperty("delta").GetProperty("text")
            : data.RootElement.GetProperty("choices")[0].GetProperty("delta").GetProperty("content");
        return text.GetString()!.Length;
    }
}
