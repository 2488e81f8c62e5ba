using StreamUsage.Recording;

namespace StreamUsage.PassThrough;

/// <summary>Passes a copy's writes to its destination. The tracked body gets the bytes first. Notes whether the
/// destination failed.</summary>
internal sealed class CopyObserver(Stream destination, TrackedBody body, long offset) : DelegatingStream(destination)
{
    public bool HasDestinationFailed { get; private set; }

    public long Offset { get; private set; } = offset;

    public override void Write(byte[] buffer, int offset, int count)
    {
        Receive(buffer.AsSpan(offset, count));
        try
        {
            Inner.Write(buffer, offset, count);
        }
        catch
        {
            HasDestinationFailed = true;
            throw;
        }
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        Receive(buffer);
        try
        {
            Inner.Write(buffer);
        }
        catch
        {
            HasDestinationFailed = true;
            throw;
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        Receive(buffer.AsSpan(offset, count));
        try
        {
            return ObserveAsync(Inner.WriteAsync(buffer, offset, count, cancellationToken));
        }
        catch
        {
            HasDestinationFailed = true;
            throw;
        }
    }

    public override void WriteByte(byte value) => Write([value]);

    public override IAsyncResult BeginWrite(byte[] buffer, int offset, int count, AsyncCallback? callback, object? state)
    {
        Receive(buffer.AsSpan(offset, count));
        try
        {
            return Inner.BeginWrite(buffer, offset, count, callback, state);
        }
        catch
        {
            HasDestinationFailed = true;
            throw;
        }
    }

    public override void EndWrite(IAsyncResult asyncResult)
    {
        try
        {
            Inner.EndWrite(asyncResult);
        }
        catch
        {
            HasDestinationFailed = true;
            throw;
        }
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Receive(buffer.Span);
        ValueTask write;
        try
        {
            write = Inner.WriteAsync(buffer, cancellationToken);
        }
        catch
        {
            HasDestinationFailed = true;
            throw;
        }

        return write.IsCompletedSuccessfully ? write : new ValueTask(ObserveAsync(write.AsTask()));
    }

    public override void Flush()
    {
        try
        {
            Inner.Flush();
        }
        catch
        {
            HasDestinationFailed = true;
            throw;
        }
    }

    public override Task FlushAsync(CancellationToken cancellationToken)
    {
        try
        {
            return ObserveAsync(Inner.FlushAsync(cancellationToken));
        }
        catch
        {
            HasDestinationFailed = true;
            throw;
        }
    }

    private Task ObserveAsync(Task write)
    {
        return write.IsCompletedSuccessfully ? write : AwaitAsync();

        async Task AwaitAsync()
        {
            try
            {
                await write.ConfigureAwait(false);
            }
            catch
            {
                HasDestinationFailed = true;
                throw;
            }
        }
    }

    private void Receive(ReadOnlySpan<byte> bytes)
    {
        body.Receive(Offset, bytes);
        Offset += bytes.Length;
    }
}
