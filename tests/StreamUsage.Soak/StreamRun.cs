using System.Text;

namespace StreamUsage.Soak;

/// <summary>What the client saw of the end.</summary>
internal enum Ending
{
    Unknown,

    /// <summary>A read returned no bytes, or a copy ended.</summary>
    ReachedEnd,

    /// <summary>It left, by its own choice.</summary>
    Left,

    /// <summary>A read has thrown.</summary>
    Broke,
}

/// <summary>One stream: its plan, and what the server and the client know of it.</summary>
internal sealed class StreamRun(int index, StreamPlan plan)
{
    private long _sent;

    public int Index => index;

    public StreamPlan Plan => plan;

    /// <summary>Set when the client has the headers: from there on a reset is one of the body.</summary>
    public TaskCompletionSource HasHeaders { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Bytes that the server has begun to send.</summary>
    public long Sent { get => Volatile.Read(ref _sent); set => Volatile.Write(ref _sent, value); }

    /// <summary>Bytes that the client was given.</summary>
    public int Seen { get; private set; }

    /// <summary>The client knows exactly how many bytes the record must name: no read was cut short by its
    /// leaving.</summary>
    public bool IsSeenExact { get; set; } = true;

    public Ending Ending { get; set; }

    /// <summary>How long the client waited in vain before it left; null where it did not.</summary>
    public TimeSpan? Waited { get; set; }

    /// <summary>The first difference between what the client was given and what the server sent; null where there is
    /// none.</summary>
    public string? Difference { get; private set; }

    public Exception? Fault { get; set; }

    /// <summary>The record that the sink was given first.</summary>
    public UsageRecord? Record { get; set; }

    public Guid StartId { get; set; }

    public void See(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> expected = plan.Script.Body.AsSpan(Math.Min(Seen, plan.Script.Body.Length));
        if (Difference is null && !expected.StartsWith(bytes))
        {
            Difference = $"the client was given other bytes than the server sent, from byte {Seen} on";
        }

        Seen += bytes.Length;
    }

    /// <summary>The client was given all as text, in which a character that the server cut is another one.</summary>
    public void SeeText(string text)
    {
        ReadOnlySpan<byte> sent = plan.Script.Body.AsSpan(0, plan.Cut);
        See(text == Encoding.UTF8.GetString(sent) ? sent : Encoding.UTF8.GetBytes(text));
    }
}
