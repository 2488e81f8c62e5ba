using System.Net;

namespace StreamUsage.PassThrough;

/// <summary>The content that takes a response's own content's place: the same headers and the same bytes, which are read as they pass.</summary>
internal sealed class TrackedContent : HttpContent, IDrainable
{
    private readonly HttpContent _inner;
    private readonly AbandonmentGuard _lease;
    private bool _isStreamOut;
    private DetachableStream? _detachable;

    public TrackedContent(HttpContent inner, TrackedBody body, UsageTracking tracking)
    {
        _inner = inner;
        _lease = new AbandonmentGuard(body);
        Tracking = tracking;
        _lease.Rest = body.Tracker.Drainer is null ? null : this;
        foreach ((string name, System.Net.Http.Headers.HeaderStringValues values) in inner.Headers.NonValidated)
        {
            if (values.Count == 1)
            {
                Headers.TryAddWithoutValidation(name, values.ToString()); // Without an enumerator.
            }
            else
            {
                Headers.TryAddWithoutValidation(name, values);
            }
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
        if (_lease.Rest is not null)
        {
            Stream source = await CreateContentReadStreamAsync(cancellationToken).ConfigureAwait(false);
            await source.CopyToAsync(stream, cancellationToken).ConfigureAwait(false);
            return;
        }

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
        if (_lease.Rest is not null)
        {
            CreateContentReadStream(cancellationToken).CopyTo(stream);
            return;
        }

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
            if (!_lease.Leave())
            {
                _detachable?.Abort();
                _inner.Dispose();
            }
        }

        base.Dispose(disposing);
    }

    private TrackedStream Track(Stream stream)
    {
        _isStreamOut = true;
        return new TrackedStream(_lease.Rest is null ? stream : _detachable = new DetachableStream(stream, _lease.Body), _lease);
    }

    bool IDrainable.TryDetach(Func<bool> beginDrain) => _detachable?.TryDetach(beginDrain) ?? beginDrain();

    async ValueTask<(DetachableStream Stream, long Offset)> IDrainable.OpenRestAsync(CancellationToken cancellationToken)
    {
        // Never read: then from its beginning.
        _detachable ??= new DetachableStream(await _inner.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false), _lease.Body);
        return (_detachable, _detachable.Offset);
    }

    ValueTask IDrainable.CloseAsync()
    {
        _inner.Dispose();
        return ValueTask.CompletedTask;
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
