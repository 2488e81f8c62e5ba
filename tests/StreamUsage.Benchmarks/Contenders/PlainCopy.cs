using StreamUsage.Benchmarks.Workloads;

namespace StreamUsage.Benchmarks.Contenders;

/// <summary>The caller's read loop and nothing else: what every other contender pays as well.</summary>
internal sealed class PlainCopy : Contender
{
    private readonly byte[] _buffer = new byte[BufferSize];
    private ScriptedStream _body = null!;
    private long _bytes;

    public override string Key => "copy";

    public override string Name => "plain copy";

    public override void Open(Workload workload, ScriptedStream body)
    {
        _body = body;
        _bytes = 0;
    }

    public override void Read()
    {
        int length;
        while ((length = _body.Read(_buffer)) != 0)
        {
            _bytes += length;
        }
    }

    public override string? FindFault(Workload workload) => Compare("bytes", workload.Body.Length, _bytes);
}
