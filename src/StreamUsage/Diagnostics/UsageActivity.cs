using System.Diagnostics;

namespace StreamUsage.Diagnostics;

/// <summary>Starts the activities of the source "StreamUsage": sink calls and log lines continue the request's
/// trace.</summary>
internal static class UsageActivity
{
    private const string RecordName = "streamusage.record", BatchName = "streamusage.batch";

    private static readonly ActivitySource Source = new("StreamUsage");

    /// <summary>Starts the activity of one record, without making it current; null if there is neither a trace nor a
    /// listener.</summary>
    public static Activity? Start(ActivityContext request)
    {
        Activity? current = Activity.Current;
        Activity? activity = Source.StartActivity(RecordName, ActivityKind.Internal, request);
        if (activity is null && request != default)
        {
            // Without a listener, log lines can still carry the trace.
            activity = new Activity(RecordName).SetParentId(request.TraceId, request.SpanId, request.TraceFlags).Start();
        }

        Activity.Current = current;
        return activity;
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
        ActivityLink[] links = [.. records.OfType<Activity>().Select(static record => new ActivityLink(record.Context))];
        Activity? activity = Source.StartActivity(BatchName, ActivityKind.Internal, default(ActivityContext), links: links);
        Activity.Current = current;
        return activity;
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
