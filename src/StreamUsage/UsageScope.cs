using StreamUsage.Recording;

namespace StreamUsage;

/// <summary>Attaches a <see cref="UsageContext"/> to one request, or as ambient context to requests that an SDK creates
/// internally. See <see cref="UsageTrackingHandler"/>.</summary>
public static class UsageScope
{
    private static readonly AsyncLocal<Scope?> Ambient = new();
    private static readonly HttpRequestOptionsKey<UsageContext> Key = new("StreamUsage.UsageContext");

    /// <summary>Gets the ambient context; null if none, or if a call without a context is open.</summary>
    internal static UsageContext? Current =>
        Ambient.Value?.Context is { } context && !ReferenceEquals(context, UsageContext.Empty) ? context : null;

    private static Scope? OpenScope => Ambient.Value is { Context: not null } open ? open : null;

    /// <summary>Attaches a context to every request that this flow of control sends through a
    /// <see cref="UsageTrackingHandler"/>, until the returned scope is disposed. It does not make the handler track an
    /// unknown path. A context of the request itself (<see cref="SetUsageContext"/>) and an inner scope take
    /// precedence.</summary>
    /// <remarks>
    /// <para>The scope flows into the calls inside it, as <see cref="AsyncLocal{T}"/> does. It does not flow out of an
    /// async method that begins it.</para>
    /// <para>An SDK often sends a streaming request only when the stream is enumerated. Enumerate it inside the scope:
    /// after it, the request has no context. <see cref="StreamUsageOptions.WarnWithoutContext"/> finds such
    /// requests.</para>
    /// </remarks>
    /// <param name="context">The context of the requests.</param>
    /// <returns>The scope. Disposing it restores the outer scope if that is still open. A task that outlives the scope
    /// sends its further requests without a context.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="context"/> is null.</exception>
    public static IDisposable Begin(UsageContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var scope = new Scope(context, OpenScope, settings: null);
        Ambient.Value = scope;
        return scope;
    }

    /// <summary>Creates the scope of one call of a client. The client's wrapper enters it for each part of the call,
    /// and records the call only if no handler inside recorded it into the same sinks.</summary>
    /// <param name="context">The context of the call's requests.</param>
    /// <param name="settings">The settings of the tracker that would record the call.</param>
    internal static CallScope BeginCall(UsageContext context, BodySettings settings) => new(new Scope(context, OpenScope, settings));

    /// <summary>Notes in the open scopes of calls that a response or a failure is recorded.</summary>
    internal static void NoteTracked(BodySettings settings)
    {
        for (Scope? scope = Ambient.Value; scope is not null; scope = scope.Outer)
        {
            scope.Note(settings);
        }
    }

    /// <summary>Attaches a context to the request. A <see cref="UsageTrackingHandler"/> tracks such a request whatever
    /// its URL.</summary>
    /// <param name="request">The request, before it is sent.</param>
    /// <param name="context">The context. The handler adds the format, model, request body and start time if they are
    /// missing.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public static void SetUsageContext(this HttpRequestMessage request, UsageContext context)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(context);
        request.Options.Set(Key, context);
    }

    internal static UsageContext? FindUsageContext(this HttpRequestMessage request) =>
        request.Options.TryGetValue(Key, out UsageContext? context) ? context : null;

    /// <summary>Represents the scope of one call of a client. Disposing it ends the call.</summary>
    internal sealed class CallScope : IDisposable
    {
        private readonly Scope _scope;

        internal CallScope(Scope scope) => _scope = scope;

        /// <summary>Gets whether anything inside the scope was tracked into the same sinks.</summary>
        public bool IsTracked => _scope.IsTracked;

        /// <summary>Enters the scope. Disposing the result restores the scope that was current before.</summary>
        public Entry Enter()
        {
            var entry = new Entry(Ambient.Value);
            Ambient.Value = _scope;
            return entry;
        }

        public void Dispose() => _scope.Dispose();
    }

    /// <summary>Restores the scope before a part of a call.</summary>
    internal readonly struct Entry : IDisposable
    {
        private readonly Scope? _previous;

        internal Entry(Scope? previous) => _previous = previous;

        public void Dispose() => Ambient.Value = _previous;
    }

    internal sealed class Scope : IDisposable
    {
        private readonly BodySettings? _settings; // Null unless this is the scope of a call.
        private Scope? _outer;
        private volatile UsageContext? _context;
        private volatile bool _isTracked;

        public Scope(UsageContext context, Scope? outer, BodySettings? settings)
        {
            _context = context;
            _settings = settings;
            _outer = outer;
            outer?.ReleaseClosed();
        }

        public UsageContext? Context => _context;

        public Scope? Outer => _outer;

        public bool IsTracked => _isTracked;

        public void Note(BodySettings settings)
        {
            if (_context is not null && _settings is not null
                && (ReferenceEquals(settings, _settings) || settings.HasSinksOf(_settings)))
            {
                _isTracked = true; // Never set to false: requests of one call may be noted at once.
            }
        }

        public void Dispose()
        {
            _context = null;
            if (ReferenceEquals(Ambient.Value, this))
            {
                Ambient.Value = FindOpen(_outer);
            }
        }

        // Scopes that overlap without nesting would otherwise keep all earlier ones alive.
        private void ReleaseClosed() => _outer = FindOpen(_outer);

        // Scopes may be disposed out of order, so the outer scope may have ended first.
        private static Scope? FindOpen(Scope? scope)
        {
            while (scope is { _context: null })
            {
                scope = scope._outer;
            }

            return scope;
        }
    }
}
