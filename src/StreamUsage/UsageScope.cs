namespace StreamUsage;

/// <summary>Ambient context for requests that an SDK creates internally. See
/// <see cref="UsageTrackingHandler"/>.</summary>
public static class UsageScope
{
    private static readonly AsyncLocal<Scope?> Ambient = new();

    internal static UsageContext? Current => Ambient.Value?.Context;

    /// <summary>Attaches a context to the requests that are sent on this asynchronous flow until the scope is disposed.
    /// A context that was set on the request itself wins. An inner scope hides the outer one.</summary>
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
