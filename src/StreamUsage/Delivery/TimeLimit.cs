namespace StreamUsage.Delivery;

/// <summary>How long a call of something that is not ours may take.</summary>
internal sealed class TimeLimit(TimeSpan limit, TimeProvider time)
{
    /// <summary>Waits for a task, at most the limit; what has not ended by then is left alone.</summary>
    /// <exception cref="TimeoutException">The limit has passed.</exception>
    public Task WaitAsync(Task task)
    {
        try
        {
            return task.WaitAsync(limit, time);
        }
        catch (Exception)
        {
            return task.WaitAsync(limit); // A clock that cannot make a timer must not cost the call.
        }
    }
}
