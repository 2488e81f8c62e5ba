using StreamUsage.Accounting;
using StreamUsage.Diagnostics;
using StreamUsage.Recording.Building;
using StreamUsage.Recording.Journal;

namespace StreamUsage.Recording;

/// <content>Serves the caller's handle: the state so far, the record, and its delivery.</content>
internal sealed partial class TrackedBody
{
    private RecordPromise _promise;

    /// <summary>Gets the caller's reason to mark the response as failed; null if none.</summary>
    public CallerFailure? Failure { get; private set; }

    public Task<UsageRecord> Completion
    {
        get
        {
            Task<UsageRecord> completion;
            using (_gate.Enter())
            {
                completion = _promise.AwaitRecord();
            }

            HurryFor(completion);
            return completion;
        }
    }

    public Task<DeliveryResult> DeliveryResult
    {
        get
        {
            Task<DeliveryResult> delivery;
            using (_gate.Enter())
            {
                delivery = _promise.AwaitDelivery();
            }

            HurryFor(delivery);
            return delivery;
        }
    }

    /// <summary>Marks the response as failed. Returns false if the body has ended.</summary>
    public bool MarkFailed(int statusCode, string message)
    {
        using (_gate.Enter())
        {
            if (_stage == Stage.Ended)
            {
                return false;
            }

            Failure = new CallerFailure(statusCode, message);
            return true;
        }
    }

    public UsageSnapshot Snapshot()
    {
        UsageSnapshot snapshot = TakeSnapshot(Context, out UsageRecord? soFar);
        return soFar is null ? snapshot : snapshot with { Cost = RunningResponse.Price(soFar, Settings.Options.Pricing!) };
    }

    /// <summary>Returns the record that this response gets if the process ends now; null if the body has
    /// ended.</summary>
    public UsageRecord? TryCreateOrphan()
    {
        UsageContext context = Context;
        using (_gate.Enter())
        {
            return _stage == Stage.Ended ? null : OrphanRecord.Of(this, context);
        }
    }

    /// <summary>Returns a record of the ended response with what telemetry needs beside it.</summary>
    public GenAICall ToCall(UsageRecord record) => new(record)
    {
        RequestUri = RequestUri,
        IsFetch = IsFetch,
        TimeToFirstChunk = _times.TimeToFirstChunk,
        Chunks = _chunks,
    };

    /// <summary>Completes the handle after the delivery succeeded or failed.</summary>
    public void Complete(UsageRecord record, DeliveryResult result)
    {
        using (_gate.Enter())
        {
            _promise.Keep(record, result);
        }

        ReleaseRequestBody(); // The builder has released it, unless building failed.
        _promise.Complete();
    }

    /// <summary>Completes the handle of a response that has no record.</summary>
    public void CompleteWithoutRecord()
    {
        using (_gate.Enter())
        {
            Events.ReleaseOutput();
            Events.TakeReportedUsageJson();
            Events.TakeCaptured();
            _promise.Cancel();
        }

        ReleaseRequestBody();
        _promise.Complete();
    }

    // Pricing is user code and must not run under the lock. So the record to price is returned; null if there is no
    // pricing, or the price is known.
    private UsageSnapshot TakeSnapshot(UsageContext context, out UsageRecord? soFar)
    {
        using (_gate.Enter())
        {
            soFar = null;
            if (_promise.Record is { } record)
            {
                return new UsageSnapshot
                {
                    Model = record.ResponseModel ?? record.Context.Model,
                    Usage = record.Usage,
                    InputSource = record.InputSource,
                    OutputSource = record.OutputSource,
                    BytesReceived = record.BytesReceived,
                    EventCount = record.EventCount,
                    StopReason = record.StopReason,
                    Cost = record.Cost,
                };
            }

            RecordCounts counts = RunningResponse.Count(this, context);

            // The outcome is not known yet: the default is Completed.
            soFar = Settings.Options.Pricing is null ? null : RecordMapping.Create(this, context, counts, default);
            ref readonly UsageAccumulator state = ref Events.State;
            return new UsageSnapshot
            {
                Model = state.Model ?? context.Model,
                Usage = counts.Usage,
                InputSource = counts.Input,
                OutputSource = counts.Output,
                BytesReceived = BytesReceived,
                EventCount = Events.EventCount,
                StopReason = state.StopReason,
            };
        }
    }

    // If nobody awaited the record when the body ended, the dispatcher leaves it to its timer. Now somebody does.
    private void HurryFor(Task waited)
    {
        if (!waited.IsCompleted && !IsOpen)
        {
            Settings.Records.Hurry();
        }
    }
}
