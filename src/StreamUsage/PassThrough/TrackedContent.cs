using System.Net;

namespace StreamUsage.PassThrough;

/// <summary>The content that takes a response's own content's place: the same headers and the same bytes, which are read as they pass.</summary>
internal sealed class TrackedContent : HttpContent
{
    private readonly HttpContent _inner;
    private readonly BodyLease _lease;
    private bool _isStreamOut;

    public TrackedContent(HttpContent inner, TrackedBody body, UsageTracking tracking)
    {
        _inner = inner;
        _lease = new BodyLease(body);
        Tracking = tracking;
        foreach ((string name, System.Net.Http.Headers.HeaderStringValues values) in inner.Headers.NonValidated)
        {
            Headers.TryAddWithoutValidation(name, values);
        }
    }

    public UsageTracking Tracking { get; }

    public HttpContent Inner => _inner;

    protected override bool TryComputeLength(out long length)
    {
        length = _inner.Headers.ContentLength ?? 0;
        return _inner.Headers.ContentLength is not null;
    }

    protected override Stream CreateContentReadStream(CancellationToken cancellationToken)
    {
        Stream stream;
        try
        {
            stream = _inner.ReadAsStream(cancellationToken);
        }
        catch (Exception fault)
        {
            Fail(fault, cancellationToken);
            throw;
        }

        return Track(stream);
    }

    protected override Task<Stream> CreateContentReadStreamAsync() => CreateContentReadStreamAsync(CancellationToken.None);

    protected override async Task<Stream> CreateContentReadStreamAsync(CancellationToken cancellationToken)
    {
        Stream stream;
        try
        {
            stream = await _inner.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            Fail(fault, cancellationToken);
            throw;
        }

        return Track(stream);
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    // The inner content copies in its own way, straight from its connection where it can; what it writes is read on its way.
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        var copy = new CopyObserver(stream, _lease.Body, 0);
        try
        {
            await _inner.CopyToAsync(copy, context, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception fault) when (!IsRefused(fault))
        {
            copy.Fail(_lease, fault, cancellationToken);
            throw;
        }

        _lease.ReachEnd();
    }

    protected override void SerializeToStream(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        var copy = new CopyObserver(stream, _lease.Body, 0);
        try
        {
            _inner.CopyTo(copy, context, cancellationToken);
        }
        catch (Exception fault) when (!IsRefused(fault))
        {
            copy.Fail(_lease, fault, cancellationToken);
            throw;
        }

        _lease.ReachEnd();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _lease.Finish(StreamEnd.ReaderLeft);
            _inner.Dispose();
        }

        base.Dispose(disposing);
    }

    private TrackedStream Track(Stream stream)
    {
        _isStreamOut = true;
        return new TrackedStream(stream, _lease);
    }

    // Content that buffers itself reads its source here.
    private void Fail(Exception fault, CancellationToken cancellationToken)
    {
        if (!IsRefused(fault))
        {
            _lease.Fail(fault, cancellationToken);
        }
    }

    // A body cannot be copied while its stream is out: nothing was read, and nothing has ended.
    private bool IsRefused(Exception fault) => _isStreamOut && fault is InvalidOperationException and not ObjectDisposedException;
}
