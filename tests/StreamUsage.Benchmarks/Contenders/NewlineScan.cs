using StreamUsage.Benchmarks.Workloads;

namespace StreamUsage.Benchmarks.Contenders;

/// <summary>Finds every line end in every read.</summary>
internal sealed class NewlineScan : Contender
{
    private readonly byte[] _buffer = new byte[BufferSize];
    private ScriptedStream _body = null!;
    private int _lines;

    public override string Key => "scan";

    public override string Name => "newline scan";

    public override void Open(Workload workload, ScriptedStream body)
    {
        _body = body;
        _lines = 0;
    }

    public override void Read()
    {
        int length;
        while ((length = _body.Read(_buffer)) != 0)
        {
            ReadOnlySpan<byte> piece = _buffer.AsSpan(0, length);
            int lineEnd;
            while ((lineEnd = piece.IndexOf((byte)'\n')) >= 0)
            {
                _lines++;
                piece = piece[(lineEnd + 1)..];
            }
        }
    }

    public override string? FindFault(Workload workload) => Compare("lines", workload.Body.AsSpan().Count((byte)'\n'), _lines);
}
