namespace StreamUsage;

/// <summary>Attaches a <see cref="UsageContext"/> to one request, or as ambient context to requests that an SDK creates
/// internally. See <see cref="UsageTrackingHandler"/>.</summary>
public static class UsageScope
{
    private static readonly AsyncLocal<Scope?> Ambient = new();
    private static readonly HttpRequestOptionsKey<UsageContext> Key = new("StreamUsage.UsageContext");

    internal static UsageContext? Current => Ambient.Value?.Context;

    /// <summary>Attaches a context to every request that this flow of control sends through a
    /// <see cref="UsageTrackingHandler"/>, until the returned scope is disposed. A context of the request itself
    /// (<see cref="SetUsageContext"/>) and an inner scope take precedence.</summary>
    /// <remarks>A stream of an SDK is often sent only when it is enumerated. Enumerate it inside the scope: after it,
    /// the request has no context. <see cref="StreamUsageOptions.WarnWithoutContext"/> finds such requests.</remarks>
    /// <param name="context">The context of the requests.</param>
    /// <returns>The scope. Disposing it restores the outer scope if that is still open. A task that outlives the scope
    /// sends its further requests without a context.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="context"/> is null.</exception>
    public static IDisposable Begin(UsageContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var scope = new Scope(context, Ambient.Value is { Context: not null } open ? open : null);
        Ambient.Value = scope;
        return scope;
    }

    /// <summary>Attaches a context to the request. A <see cref="UsageTrackingHandler"/> tracks such a request whatever
    /// its URL.</summary>
    /// <param name="request">The request, before it is sent.</param>
    /// <param name="context">The context. The handler adds format, model, request body and start if they are
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

    private sealed class Scope : IDisposable
    {
        private Scope? _outer;
        private volatile UsageContext? _context;

        public Scope(UsageContext context, Scope? outer)
        {
            _context = context;
            _outer = outer;
            if (outer is not null)
            {
                outer._outer = FindOpen(outer._outer); // Overlapping scopes would otherwise keep all earlier ones alive.
            }
        }

        public UsageContext? Context => _context;

        public void Dispose()
        {
            _context = null;
            if (ReferenceEquals(Ambient.Value, this))
            {
                Ambient.Value = FindOpen(_outer);
            }
        }

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
