namespace StreamUsage.Benchmarks.Growth;

/// <summary>One tracked body while it is open.</summary>
internal sealed class TrackedReading(CircularStream body)
{
    private static readonly UsageContext Context = new() { RequestId = "benchmark" };

    private Stream _stream = body;
    private UsageTracking? _tracking;
    private Task<UsageRecord>? _record;
    private long _bytes;

    /// <summary>Opens the body once more, from its beginning on.</summary>
    /// <param name="tracker">Null where it is read without being tracked.</param>
    /// <param name="events">The length of the stream.</param>
    /// <param name="firstDelta">Which delta comes first.</param>
    public void Open(UsageTracker? tracker, int events, int firstDelta)
    {
        body.Restart(events, firstDelta);
        _bytes = 0;
        _stream = tracker?.Track(body, Context, out _tracking) ?? body;
    }

    /// <summary>One read; false at the end.</summary>
    public bool Read(byte[] buffer)
    {
        int length = _stream.Read(buffer);
        _bytes += length;
        return length != 0;
    }

    public void ReadToEnd(byte[] buffer)
    {
        while (Read(buffer))
        {
        }

        _stream.Dispose();
    }

    /// <summary>Waits until the record was handed over, on this thread.</summary>
    public void WaitForRecord()
    {
        _record = _tracking?.Completion;
        var wait = new SpinWait();
        while (_record is { IsCompleted: false })
        {
            wait.SpinOnce(sleep1Threshold: -1);
        }
    }

    /// <summary>A wrong answer is the end of the run: what is wrong is not worth timing.</summary>
    public void Check()
    {
        if (_record is not null && body.FindFault(_record.GetAwaiter().GetResult(), _bytes) is { } fault)
        {
            throw new WrongAnswerException(fault);
        }
    }
}
