using System.Net;
using StreamUsage.PassThrough;

namespace StreamUsage.Http.IncludeUsage;

/// <summary>Represents a response's content whose body is read through another stream. It can be copied
/// once.</summary>
internal sealed class WrappedContent : HttpContent
{
    private readonly HttpContent _inner;
    private readonly UsageChunkFilter? _filter;
    private Stream? _body;
    private bool _wasCopied;

    /// <summary>Creates a content that removes the usage chunk, and the length.</summary>
    /// <param name="inner">The content, which is disposed with this one.</param>
    /// <param name="filter">Removes the chunk.</param>
    public WrappedContent(HttpContent inner, UsageChunkFilter filter)
    {
        (_inner, _filter) = (inner, filter);
        inner.CopyHeadersTo(this, withLength: false);
    }

    /// <summary>Creates a content of the same bytes, of which some were read before.</summary>
    /// <param name="inner">The content, which is disposed with this one.</param>
    /// <param name="body">Its body from the beginning.</param>
    public WrappedContent(HttpContent inner, HeadedStream body)
    {
        (_inner, _body) = (inner, body);
        inner.CopyHeadersTo(this);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    protected override Stream CreateContentReadStream(CancellationToken cancellationToken) =>
        _body ??= new FilteredStream(_inner.ReadAsStream(cancellationToken), _filter!);

    protected override Task<Stream> CreateContentReadStreamAsync() => CreateContentReadStreamAsync(CancellationToken.None);

    protected override async Task<Stream> CreateContentReadStreamAsync(CancellationToken cancellationToken) =>
        _body ??= new FilteredStream(await _inner.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false), _filter!);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        ThrowIfCopied();
        Stream body = await CreateContentReadStreamAsync(cancellationToken).ConfigureAwait(false);
        await body.CopyToAsync(stream, cancellationToken).ConfigureAwait(false);
    }

    protected override void SerializeToStream(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        ThrowIfCopied();
        CreateContentReadStream(cancellationToken).CopyTo(stream);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _inner.Dispose();
        }

        base.Dispose(disposing);
    }

    // As the content of a response does. A second copy would be empty.
    private void ThrowIfCopied()
    {
        if (_wasCopied)
        {
            throw new InvalidOperationException("The stream was already consumed. It cannot be read again.");
        }

        _wasCopied = true;
    }
}
