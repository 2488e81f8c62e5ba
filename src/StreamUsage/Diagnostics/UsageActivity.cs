using System.Diagnostics;

namespace StreamUsage.Diagnostics;

/// <summary>Starts the activities of the source "StreamUsage". The span of a response continues the caller's trace.
/// Sink calls and log lines run in an activity below it. A listener's fault costs no record.</summary>
internal static class UsageActivity
{
    private const string RecordName = "streamusage.record", BatchName = "streamusage.batch";

    private static readonly ActivitySource Source = new("StreamUsage");

    /// <summary>Writes the span of a response that has ended.</summary>
    /// <returns>The span's context, or that of the request if there is no span.</returns>
    public static ActivityContext WriteSpan(in GenAICall call, ActivityContext request)
    {
        if (!Source.HasListeners())
        {
            return request;
        }

        Activity? span = null;
        try
        {
            using (Enter(null))
            {
                span = Source.StartActivity(
                    GenAISpan.Name(call), ActivityKind.Client, request, GenAISpan.InitialTags(call), links: null, call.Record.StartedAt);
                if (span is { IsAllDataRequested: true })
                {
                    GenAISpan.Describe(span, call);
                    span.SetEndTime((call.Record.StartedAt + call.Record.Duration).UtcDateTime);
                    span.Dispose();
                }
            }
        }
        catch (Exception)
        {
            // A listener's fault must not cost a record.
        }

        return span is { IsAllDataRequested: true } ? span.Context : request;
    }

    /// <summary>Describes a response on the caller's span.</summary>
    /// <returns>Whether the span was still open.</returns>
    public static bool TryDescribe(Activity caller, in GenAICall call)
    {
        if (caller.IsStopped)
        {
            return false;
        }

        if (caller.IsAllDataRequested)
        {
            GenAISpan.Describe(caller, call);
        }

        return true;
    }

    /// <summary>Starts the activity of a record or of a start call, without making it current.</summary>
    /// <param name="parent">The span of the response, or that of the request.</param>
    /// <returns>The activity; null if there is neither a trace nor a listener, or if a listener throws.</returns>
    public static Activity? Start(ActivityContext parent)
    {
        try
        {
            using (Enter(null))
            {
                // Without a listener, log lines can still carry the trace.
                return Source.StartActivity(RecordName, ActivityKind.Internal, parent) ?? (parent == default
                    ? null : new Activity(RecordName).SetParentId(parent.TraceId, parent.SpanId, parent.TraceFlags).Start());
            }
        }
        catch (Exception)
        {
            return null;
        }
    }

    /// <summary>Starts the activity of a batch, linked to its records, without making it current; null without a
    /// listener.</summary>
    public static Activity? StartBatch(IEnumerable<Activity?> records)
    {
        if (!Source.HasListeners())
        {
            return null;
        }

        try
        {
            using (Enter(null))
            {
                ActivityLink[] links = [.. records.OfType<Activity>().Select(static record => new ActivityLink(record.Context))];
                return Source.StartActivity(BatchName, ActivityKind.Internal, default(ActivityContext), links: links);
            }
        }
        catch (Exception)
        {
            return null;
        }
    }

    /// <summary>Ends an activity of this class.</summary>
    public static void End(Activity? activity)
    {
        try
        {
            activity?.Dispose();
        }
        catch (Exception)
        {
            // A listener's fault must not cost a record.
        }
    }

    /// <summary>Makes an activity current until the returned scope is disposed. With null there is no current one,
    /// which would be the parent of an activity without a trace.</summary>
    public static Scope Enter(Activity? activity)
    {
        var scope = new Scope(Activity.Current);
        Activity.Current = activity;
        return scope;
    }

    public readonly struct Scope(Activity? outer) : IDisposable
    {
        public void Dispose() => Activity.Current = outer;
    }
}
