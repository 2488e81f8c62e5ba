using System.Buffers;
using System.Text;

namespace StreamUsage.Benchmarks.Workloads;

/// <summary>Writes server-sent events, and remembers where each ends.</summary>
internal sealed class EventStreamWriter
{
    private readonly ArrayBufferWriter<byte> _body = new();
    private readonly List<int> _eventEnds = [];

    public int EventCount => _eventEnds.Count;

    public long DataBytes { get; private set; }

    public void Write(string? type, string data)
    {
        if (type is not null)
        {
            Append($"event: {type}\n");
        }

        Append("data: ");
        DataBytes += Append(data);
        Append("\n\n");
        _eventEnds.Add(_body.WrittenCount);
    }

    public byte[] ToArray() => _body.WrittenSpan.ToArray();

    public int[] GetEventEnds() => [.. _eventEnds];

    /// <summary>A text as it stands inside a JSON string: only what must be escaped is, as model servers do.</summary>
    public static string Escape(string text) => text.Replace("\\", @"\\").Replace("\"", "\\\"").Replace("\n", @"\n");

    private int Append(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        _body.Write(bytes);
        return bytes.Length;
    }
}
