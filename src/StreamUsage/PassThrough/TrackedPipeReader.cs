using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace StreamUsage.PassThrough;

/// <summary>The pipe reader that takes a body's own one's place. A pipe shows the same bytes until they are consumed; each is read once, when it is first seen.</summary>
internal sealed class TrackedPipeReader(PipeReader inner, BodyLease lease, bool leaveOpen) : PipeReader, IDrainable
{
    private ReadOnlySequence<byte> _buffer;
    private long _consumed;

    public override bool TryRead(out ReadResult result)
    {
        bool hasRead;
        try
        {
            hasRead = inner.TryRead(out result);
        }
        catch (Exception fault)
        {
            lease.Fail(fault, CancellationToken.None);
            throw;
        }

        if (hasRead)
        {
            Receive(result);
        }

        return hasRead;
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) => ReceiveAsync(0, cancellationToken);

    protected override ValueTask<ReadResult> ReadAtLeastAsyncCore(int minimumSize, CancellationToken cancellationToken) => ReceiveAsync(minimumSize, cancellationToken);

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        _consumed += _buffer.Slice(0, consumed).Length;
        _buffer = default;
        inner.AdvanceTo(consumed, examined);
    }

    public override void CancelPendingRead() => inner.CancelPendingRead();

    public override void Complete(Exception? exception = null)
    {
        if (!lease.Leave() && !leaveOpen)
        {
            inner.Complete(exception);
        }

        _buffer = default;
    }

    public override ValueTask CompleteAsync(Exception? exception = null)
    {
        ValueTask completion = lease.Leave() || leaveOpen ? ValueTask.CompletedTask : inner.CompleteAsync(exception);
        _buffer = default;
        return completion;
    }

    // What the reader was shown and did not consume is shown again.
    bool IDrainable.TryDetach(Func<bool> beginDrain)
    {
        if (!beginDrain())
        {
            return false;
        }

        if (!_buffer.IsEmpty)
        {
            inner.AdvanceTo(_buffer.Start);
        }

        return true;
    }

    ValueTask<(DetachableStream Stream, long Offset)> IDrainable.OpenRestAsync(CancellationToken cancellationToken) => new((new DetachableStream(inner.AsStream(), lease.Body), _consumed));

    ValueTask IDrainable.CloseAsync() => ValueTask.CompletedTask;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ReadResult> ReceiveAsync(int minimumSize, CancellationToken cancellationToken)
    {
        ReadResult result;
        try
        {
            // A pipe that has broken already throws at once.
            ValueTask<ReadResult> read = minimumSize == 0 ? inner.ReadAsync(cancellationToken) : inner.ReadAtLeastAsync(minimumSize, cancellationToken);
            result = await read.ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            lease.Fail(fault, cancellationToken);
            throw;
        }

        Receive(result);
        return result;
    }

    private void Receive(in ReadResult result)
    {
        _buffer = result.Buffer;
        long offset = _consumed;
        bool isCounted = false;
        foreach (ReadOnlyMemory<byte> piece in result.Buffer)
        {
            isCounted |= lease.Body.Receive(offset, piece.Span, isNewRead: !isCounted);
            offset += piece.Length;
        }

        if (result.IsCompleted && !result.IsCanceled)
        {
            lease.ReachEnd();
        }
    }
}
