using System.Buffers;
using System.IO.Pipelines;
using StreamUsage.Benchmarks.Workloads;

namespace StreamUsage.Benchmarks.Live;

/// <summary>One way to read a response as a gateway does: asynchronously into a buffer, read by read. It checks what it
/// found.</summary>
internal abstract class LiveReader : IAsyncDisposable
{
    // What a proxy's copy loop usually has; an event of the workloads is about 150 bytes.
    private const int BufferSize = 16_384;

    private long _reads;

    public abstract string Name { get; }

    /// <summary>Reads that gave bytes, of all streams that were read to their end.</summary>
    public long Reads => Interlocked.Read(ref _reads);

    /// <exception cref="WrongAnswerException">It is not what the workload holds.</exception>
    public abstract Task ReadAsync(HttpResponseMessage response, Workload workload, CancellationToken cancellationToken);

    /// <summary>What is wrong with all that was read; null where nothing is. After it, nothing is read any
    /// more.</summary>
    public virtual ValueTask<string?> FinishAsync() => new((string?)null);

    public async ValueTask DisposeAsync() => await FinishAsync();

    /// <summary>Reads the body to its end; each piece is copied, where a copy is wanted, before the next is
    /// read.</summary>
    protected async Task ReadBodyAsync(
        HttpResponseMessage response, Workload workload, PipeWriter? copy, CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        Stream body = await response.Content.ReadAsStreamAsync(cancellationToken);
        int position = 0, reads = 0;
        for (int length; (length = await body.ReadAsync(buffer, cancellationToken)) != 0; position += length)
        {
            if (!workload.Body.AsSpan(position).StartsWith(buffer.AsSpan(0, length)))
            {
                throw new WrongAnswerException($"{workload.Name}: other bytes than were sent, from byte {position:N0} on");
            }

            reads++;
            if (copy is not null)
            {
                await copy.WriteAsync(buffer.AsMemory(0, length), cancellationToken);
            }
        }

        ArrayPool<byte>.Shared.Return(buffer);
        Interlocked.Add(ref _reads, reads);
        Check("bytes", workload.Body.Length, position);
    }

    protected static void Check<T>(string what, T expected, T found)
        where T : IEquatable<T>
    {
        if (!expected.Equals(found))
        {
            throw new WrongAnswerException($"{what}: expected {expected}, found {found}");
        }
    }
}
