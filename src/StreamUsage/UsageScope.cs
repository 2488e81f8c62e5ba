namespace StreamUsage;

/// <summary>Attaches a <see cref="UsageContext"/> to requests: to one of them, or as ambient context to those that an SDK creates internally. See <see cref="UsageTrackingHandler"/>.</summary>
public static class UsageScope
{
    private static readonly AsyncLocal<Scope?> Ambient = new();
    private static readonly HttpRequestOptionsKey<UsageContext> Key = new("StreamUsage.UsageContext");

    /// <summary>Gets the context of the innermost scope of this flow of control; null where there is none or that scope was disposed.</summary>
    internal static UsageContext? Current => Ambient.Value?.Context;

    /// <summary>
    /// Attaches a context to every request that is sent through a <see cref="UsageTrackingHandler"/> on this flow of control until the returned scope is disposed. A request with a context of its own
    /// (<see cref="SetUsageContext"/>) keeps that. An inner scope hides the outer one.
    /// </summary>
    /// <param name="context">The context of the requests.</param>
    /// <returns>
    /// The scope. Disposing it brings the outer scope back where that is still open, and ends the scope everywhere: a task that was started inside it and outlives it sends its further requests without a
    /// context, never with that of a scope which has ended.
    /// </returns>
    /// <exception cref="ArgumentNullException"><paramref name="context"/> is null.</exception>
    public static IDisposable Begin(UsageContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var scope = new Scope(context, Ambient.Value is { Context: not null } open ? open : null);
        Ambient.Value = scope;
        return scope;
    }

    /// <summary>Says about a request what its record will hold. A request with a context is tracked by a <see cref="UsageTrackingHandler"/> wherever it goes.</summary>
    /// <param name="request">The request, before it is sent.</param>
    /// <param name="context">What the caller says; what it leaves out, the handler finds by itself: format, model, request body, start.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public static void SetUsageContext(this HttpRequestMessage request, UsageContext context)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(context);
        request.Options.Set(Key, context);
    }

    internal static UsageContext? FindUsageContext(this HttpRequestMessage request) => request.Options.TryGetValue(Key, out UsageContext? context) ? context : null;

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
                outer._outer = FindOpen(outer._outer); // Scopes that overlap for ever would keep all those before them.
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

        // Scopes may be disposed out of order: the outer one may have ended before the inner one.
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
