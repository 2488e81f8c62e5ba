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

        Activity? current = Activity.Current;
        Activity? span = null;
        try
        {
            Activity.Current = null; // Or it would be the parent of a response without a trace.
            span = Source.StartActivity(
                GenAISpan.Name(call), ActivityKind.Client, request, GenAISpan.InitialTags(call), links: null, call.Record.StartedAt);
            if (span is { IsAllDataRequested: true })
            {
                GenAISpan.Describe(span, call);
                span.SetEndTime((call.Record.StartedAt + call.Record.Duration).UtcDateTime);
                span.Dispose();
            }
        }
        catch (Exception)
        {
            // A listener's fault must not cost a record.
        }
        finally
        {
            Activity.Current = current;
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

    /// <summary>Starts the activity of one record, without making it current; null if there is neither a trace nor a
    /// listener.</summary>
    /// <param name="parent">The span of the response, or the request's.</param>
    public static Activity? Start(ActivityContext parent)
    {
        Activity? current = Activity.Current;
        try
        {
            Activity? activity = Source.StartActivity(RecordName, ActivityKind.Internal, parent);
            if (activity is null && parent != default)
            {
                // Without a listener, log lines can still carry the trace.
                activity = new Activity(RecordName).SetParentId(parent.TraceId, parent.SpanId, parent.TraceFlags).Start();
            }

            return activity;
        }
        catch (Exception)
        {
            return null;
        }
        finally
        {
            Activity.Current = current;
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

        Activity? current = Activity.Current;
        try
        {
            ActivityLink[] links = [.. records.OfType<Activity>().Select(static record => new ActivityLink(record.Context))];
            return Source.StartActivity(BatchName, ActivityKind.Internal, default(ActivityContext), links: links);
        }
        catch (Exception)
        {
            return null;
        }
        finally
        {
            Activity.Current = current;
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

    /// <summary>Makes an activity current until the returned scope is disposed.</summary>
    public static Scope Enter(Activity? activity)
    {
        Activity? outer = Activity.Current;
        if (activity is not null)
        {
            Activity.Current = activity;
        }

        return new Scope(activity is null ? null : outer, activity is not null);
    }

    public readonly struct Scope(Activity? outer, bool isEntered) : IDisposable
    {
        public void Dispose()
        {
            if (isEntered)
            {
                Activity.Current = outer;
            }
        }
    }
}
